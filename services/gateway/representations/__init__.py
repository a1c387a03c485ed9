"""What the API answers with and the pages show: the same data, in JSON and in HTML."""
