//! Whose address a request comes from: the peer's, or what a proxy of the operator says (`reliability.md` 2.10).

use actix_web::HttpRequest;
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

const FORWARDED_FOR: &str = "x-forwarded-for";

/// The proxies whose word about others' addresses is taken.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Arc<[IpNet]>);

impl TrustedProxies {
    /// Those in these networks.
    #[must_use]
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self(networks.into())
    }

    /// Whom a request comes from: going back over the addresses that it was passed on from, the first that is no proxy of ours. What
    /// stands before that one anybody may have written.
    pub(crate) fn client(&self, request: &HttpRequest) -> Option<IpAddr> {
        let peer = request.peer_addr()?.ip().to_canonical();
        let lines = request.headers().get_all(FORWARDED_FOR);
        let told: Vec<&[u8]> = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b',')).collect();
        let mut client = peer;
        for address in told.into_iter().rev() {
            match (self.holds(client), read(address)) {
                (true, Some(before)) => client = before,
                _ => break,
            }
        }
        Some(client)
    }

    fn holds(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// An address, with or without a port.
fn read(text: &[u8]) -> Option<IpAddr> {
    let text = str::from_utf8(text).ok()?.trim();
    let address = text.parse::<IpAddr>().ok().or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()))?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn client(trusted: &[&str], peer: &str, forwarded: &[&str]) -> String {
        let proxies = TrustedProxies::new(trusted.iter().map(|network| network.parse().unwrap()).collect());
        let mut request = TestRequest::get().peer_addr(format!("{peer}:4711").parse().unwrap());
        for line in forwarded {
            request = request.append_header((FORWARDED_FOR, *line));
        }
        proxies.client(&request.to_http_request()).unwrap().to_string()
    }

    #[test]
    fn nobody_is_believed_who_is_not_named() {
        assert_eq!(client(&[], "192.0.2.1", &["198.51.100.7"]), "192.0.2.1");
        assert_eq!(client(&["10.0.0.0/8"], "192.0.2.1", &["198.51.100.7"]), "192.0.2.1");
    }

    #[test]
    fn a_proxy_says_who_its_client_is_and_the_client_says_nothing() {
        let own = ["10.0.0.0/8", "2001:db8::/32"];
        assert_eq!(client(&own, "10.0.0.1", &["198.51.100.7"]), "198.51.100.7");
        assert_eq!(client(&own, "10.0.0.1", &["203.0.113.9, 198.51.100.7"]), "198.51.100.7");
        assert_eq!(client(&own, "10.0.0.1", &["203.0.113.9", "198.51.100.7:80, 10.0.0.2"]), "198.51.100.7");
        assert_eq!(client(&own, "10.0.0.1", &["::ffff:198.51.100.7, 2001:db8::2"]), "198.51.100.7");
    }

    #[test]
    fn where_nothing_can_be_read_the_proxy_itself_counts() {
        for forwarded in [&[][..], &[""], &["unknown"], &["198.51.100.7, _hidden"]] {
            assert_eq!(client(&["10.0.0.0/8"], "10.0.0.1", forwarded), "10.0.0.1", "{forwarded:?}");
        }
    }
}
