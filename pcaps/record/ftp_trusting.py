#!/usr/bin/python3
"""An FTP server that connects wherever it is told to, and whose announcements name another address than its own.

    ftp_trusting.py ADDRESS FOLDER NAMED PORT     PORT: where it waits for passive data
"""

import sys

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer


class Trusting(FTPHandler):
    permit_foreign_addresses = True
    permit_privileged_ports = True
    use_sendfile = False
    banner = "files.example FTP server ready."


address, folder, named, port = sys.argv[1:]
Trusting.authorizer = DummyAuthorizer()
Trusting.authorizer.add_user("partner", "only-for-the-lesson", folder)
Trusting.masquerade_address = named
Trusting.passive_ports = [int(port)]
FTPServer((address, 21), Trusting).serve_forever()
