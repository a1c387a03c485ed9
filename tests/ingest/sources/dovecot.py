"""A real IMAP and POP3 server of one's own, in a folder of its own."""

import getpass
import os
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import psutil
from imapclient import IMAPClient

from postroom.embedded.process import free_port, let_pass

PROGRAM = shutil.which("dovecot", path="/usr/sbin:/usr/local/sbin:/usr/bin")
USER, PASSWORD = "support", "a-password-of-tests"

_CONFIGURATION = """
base_dir = {folder}/run
state_dir = {folder}/run
instance_name = {folder}
log_path = {folder}/log
protocols = imap pop3
listen = 127.0.0.1
ssl = {ssl}
{certificate}
disable_plaintext_auth = no
auth_mechanisms = plain login{mechanisms}
auth_failure_delay = 0
mail_location = maildir:{folder}/mail/%u
mail_fsync = never
maildir_very_dirty_syncs = yes
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
mail_max_userip_connections = 100
{passdb}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}/home/%u
}}
namespace inbox {{
  inbox = yes
}}
protocol pop3 {{
  pop3_uidl_format = %08Xu%08Xv
}}
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap_port}
  }}
  inet_listener imaps {{
    port = {imaps_port}
  }}
}}
service pop3-login {{
  chroot =
  inet_listener pop3 {{
    port = {pop3_port}
  }}
  inet_listener pop3s {{
    port = {pop3s_port}
  }}
}}
service stats {{
  chroot =
}}
"""
_BY_PASSWORD = """
passdb {{
  driver = static
  args = password={password}
}}
"""
_BY_TOKEN = """
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {folder}/oauth2.conf
}}
"""


class Dovecot:
    """Started by the one who makes it; anyone with the password has a mailbox."""

    def __init__(
        self, folder: Path, *, token_check: str | None = None, certificate: Path | None = None
    ) -> None:
        assert PROGRAM is not None, "install dovecot-imapd and dovecot-pop3d"
        self.folder = folder
        self.imap_port, self.imaps_port = free_port(), free_port()
        self.pop3_port, self.pop3s_port = free_port(), free_port()
        self._user = "nobody" if os.geteuid() == 0 else None
        for name in ("run", "mail", "home"):
            (folder / name).mkdir(parents=True)
        user = self._user or getpass.getuser()
        group = "nogroup" if self._user else str(os.getegid())
        if self._user is not None:
            let_pass(self._user, folder / "mail")
            folder.chmod(0o755)
            for name in ("mail", "home"):
                shutil.chown(folder / name, self._user)
        passdb = _BY_PASSWORD.format(password=PASSWORD)
        if token_check is not None:
            passdb += _BY_TOKEN.format(folder=folder)
            (folder / "oauth2.conf").write_text(
                f"introspection_url = {token_check}\nintrospection_mode = post\nusername_attribute = username\n"
            )
        (folder / "dovecot.conf").write_text(
            _CONFIGURATION.format(
                folder=folder,
                user=user,
                group=group,
                passdb=passdb,
                mechanisms=" xoauth2 oauthbearer" if token_check else "",
                ssl="yes" if certificate else "no",
                certificate=f"ssl_cert = <{certificate}\nssl_key = <{certificate}" if certificate else "",
                imap_port=self.imap_port,
                imaps_port=self.imaps_port if certificate else 0,
                pop3_port=self.pop3_port,
                pop3s_port=self.pop3s_port if certificate else 0,
            )
        )
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(
            [PROGRAM or "", "-F", "-c", str(self.folder / "dovecot.conf")],
            stderr=(self.folder / "errors").open("ab"),
            start_new_session=True,
        )
        deadline = time.monotonic() + 10
        while True:
            try:
                self.client().logout()
            except OSError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    said = [
                        f.read_text() for f in (self.folder / "errors", self.folder / "log") if f.exists()
                    ]
                    raise AssertionError("".join(said)) from None
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        family = psutil.Process(self._process.pid).children(recursive=True)
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(10)
        for child in family:
            with suppress(psutil.NoSuchProcess):
                child.kill()

    def client(self, folder: str | None = "INBOX", user: str = USER) -> IMAPClient:
        """A person's own mail program."""
        client = IMAPClient("127.0.0.1", self.imap_port, ssl=False, timeout=10)
        client.login(user, PASSWORD)
        if folder is not None:
            client.select_folder(folder)
        return client

    def deliver(self, *letters: bytes, at: datetime | None = None, user: str = USER) -> None:
        with self.client(user=user) as client:
            for raw in letters:
                client.append("INBOX", raw, msg_time=at)

    def fill(self, letters: dict[str, bytes], user: str = USER) -> None:
        """Put many messages there at once, by file name."""
        self.client(user=user).logout()  # makes the Maildir
        new = self.folder / "mail" / user / "new"
        for name, raw in letters.items():
            (new / name).write_bytes(raw)
            if self._user is not None:
                shutil.chown(new / name, self._user)

    def held(self, folder: str = "INBOX", user: str = USER) -> dict[int, tuple[bytes, ...]]:
        """The flags of each message by its UID; `\\Recent` is for the server alone."""
        with self.client(folder, user) as client:
            found = client.get_flags(client.search("ALL"))
        return {uid: tuple(flag for flag in flags if flag != b"\\Recent") for uid, flags in found.items()}
