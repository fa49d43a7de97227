//! What a session says, in parts that a signature can look at: PAN-OS's contexts.
//!
//! Source: PAN-OS, "Custom Application and Threat Signatures", part "Contexts".

/// Declares the contexts: variant and PAN-OS's name.
macro_rules! contexts {
    ($($variant:ident $name:literal: $doc:literal;)+) => {
        /// A part of a session that signatures can look at and that is told apart here.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Context {
            $(#[doc = $doc] $variant,)+
        }

        impl Context {
            /// All of them, in order of their names.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// PAN-OS's name.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }
    };
}

contexts! {
    DnsReqHeader "dns-req-header": "The header of a DNS query, 12 bytes.";
    DnsReqSection "dns-req-section": "What follows the header of a DNS query.";
    DnsRspHeader "dns-rsp-header": "The header of a DNS response.";
    DnsRspQueriesSection "dns-rsp-queries-section": "The questions of a DNS response.";
    FtpReqParams "ftp-req-params": "What an FTP client sends behind a command.";
    FtpRspBanner "ftp-rsp-banner": "The first reply of an FTP server.";
    FtpRspMessage "ftp-rsp-message": "A reply line of an FTP server.";
    HttpReqCookie "http-req-cookie": "The value of a request's Cookie field.";
    HttpReqHeaders "http-req-headers": "The header fields of an HTTP request.";
    HttpReqHostHeader "http-req-host-header": "The value of a request's Host field.";
    HttpReqMessageBody "http-req-message-body": "Content of an HTTP request.";
    HttpReqMethod "http-req-method": "The method of an HTTP request.";
    HttpReqParams "http-req-params": "The query of a request's URI, behind the question mark.";
    HttpReqUriPath "http-req-uri-path": "The path of a request's URI.";
    HttpReqUserAgentHeader "http-req-user-agent-header": "The value of a request's User-Agent field.";
    HttpRspHeaders "http-rsp-headers": "The header fields of an HTTP response.";
    HttpRspReason "http-rsp-reason": "The reason phrase of an HTTP response.";
    ImapReqCmdLine "imap-req-cmd-line": "A line that an IMAP client sends.";
    RtspReqHeaders "rtsp-req-headers": "The header fields of an RTSP request, without its first line.";
    RtspReqUriPath "rtsp-req-uri-path": "The URI of an RTSP request.";
    SipReqHeaders "sip-req-headers": "The header fields of a SIP request, without its first line.";
    SmtpReqArgument "smtp-req-argument": "A line that an SMTP client sends, behind its command.";
    SmtpRspContent "smtp-rsp-content": "A reply line of an SMTP server.";
    SnmpReqCommunityText "snmp-req-community-text": "The community string of an SNMP request.";
    SshReqBanner "ssh-req-banner": "The identification line of an SSH client.";
    SshRspBanner "ssh-rsp-banner": "The identification line of an SSH server.";
    SslReqChelloSni "ssl-req-chello-sni": "The server name that a ClientHello asks for.";
    SslReqClientHello "ssl-req-client-hello": "A ClientHello message.";
    SslRspCertificate "ssl-rsp-certificate": "The certificates that a server sends.";
    SslRspServerHello "ssl-rsp-server-hello": "A ServerHello message.";
    TelnetReqClientData "telnet-req-client-data": "What a Telnet client sends.";
    TelnetRspServerData "telnet-rsp-server-data": "What a Telnet server sends.";
    UnknownReqTcpPayload "unknown-req-tcp-payload": "What a client sends over TCP that no decoder knows.";
    UnknownReqUdpPayload "unknown-req-udp-payload": "What a client sends over UDP that no decoder knows.";
    UnknownRspTcpPayload "unknown-rsp-tcp-payload": "What a server sends over TCP that no decoder knows.";
    UnknownRspUdpPayload "unknown-rsp-udp-payload": "What a server sends over UDP that no decoder knows.";
}

impl Context {
    /// The context of that name; `None` where it is none or is not told apart here.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|context| context.name() == name)
    }

    /// Whether it is something that the client says.
    pub fn is_request(self) -> bool {
        self.name().contains("-req-")
    }
}

/// What a watcher has come upon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fact<'a> {
    /// Bytes of a context's value. Long ones may come in several pieces that follow each other.
    Bytes(Context, &'a [u8]),
    /// A context's value is complete: what comes next of that context is another one. Where this is not said, a value
    /// of the client goes on until [`Fact::Unit`], and one of the server goes on.
    End(Context),
    /// A request of the client (a protocol data unit) is over, or another one begins: what comes next does not belong
    /// to it.
    Unit,
    /// Bytes of a mail that is being transferred (RFC 5322), as long as signatures have no context for them.
    Mail(&'a [u8]),
    /// The mail has ended.
    MailEnd,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_found() {
        assert!(Context::ALL.is_sorted_by(|a, b| a.name() < b.name()));
        for context in Context::ALL {
            assert_eq!(Context::named(context.name()), Some(*context));
        }
        assert_eq!(Context::named("http-req-nothing"), None);
    }
}
