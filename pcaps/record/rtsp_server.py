#!/usr/bin/python3
"""A GStreamer RTSP server for a second of a tone: rtsp_server.py ADDRESS PORT, path /tone, RTP over UDP."""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

Gst.init(None)
server = GstRtspServer.RTSPServer.new()
server.set_address(sys.argv[1])
server.set_service(sys.argv[2])
factory = GstRtspServer.RTSPMediaFactory.new()
factory.set_launch("( audiotestsrc is-live=true num-buffers=50 samplesperbuffer=160 ! audio/x-raw,rate=8000,channels=1 "
                   "! mulawenc ! rtppcmupay name=pay0 pt=0 )")
server.get_mount_points().add_factory("/tone", factory)
server.attach(None)
GLib.MainLoop().run()
