// Holds the one connection for live updates, and passes on what it says to every open tab.
"use strict";

const ports = new Set();
let source = null;

function open() {
  source = new EventSource("/api/v1/live");
  source.addEventListener("ticket", ({ data }) => {
    const said = JSON.parse(data);
    for (const port of ports) port.postMessage(said);
  });
  // A browser gives up for good when the answer is an error, as it is while the server restarts behind a proxy.
  source.onerror = () => {
    if (source.readyState === EventSource.CLOSED) setTimeout(open, 3000);
  };
}

self.onconnect = ({ ports: [port] }) => {
  ports.add(port);
  port.onmessage = () => ports.delete(port);
  port.start();
  if (!source || source.readyState === EventSource.CLOSED) open();
};
