//! Places that nobody is sent to by a tenant's word, whatever networks are allowed: the service's own.

use std::net::IpAddr;
use std::str::FromStr;

use thiserror::Error;

use crate::address::is_public;

/// A host and a port, `127.0.0.1:8080` or `ollama:11434`. An unspecified address stands for every one that is not public.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reserved {
    host: Host,
    port: u16,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Host {
    Address(IpAddr),
    Name(String),
}

/// It is no `host:port`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("expected host:port")]
pub struct NoPlace;

impl FromStr for Reserved {
    type Err = NoPlace;

    fn from_str(text: &str) -> Result<Self, NoPlace> {
        let (host, port) = text.rsplit_once(':').ok_or(NoPlace)?;
        let host = host.trim_matches(['[', ']']);
        let host = match host.parse::<IpAddr>() {
            Ok(address) => Host::Address(address.to_canonical()),
            Err(_) if host.is_empty() || host.contains(':') => return Err(NoPlace),
            Err(_) => Host::Name(plain(host)),
        };
        Ok(Self { host, port: port.parse().map_err(|_| NoPlace)? })
    }
}

impl Reserved {
    /// Whether it is what listens there.
    pub(crate) fn is_at(&self, address: IpAddr, port: u16) -> bool {
        let address = address.to_canonical();
        let same_host = match &self.host {
            Host::Address(own) if own.is_unspecified() => !is_public(address),
            Host::Address(own) => *own == address,
            Host::Name(_) => false,
        };
        same_host && self.port == port
    }

    /// Whether it is called so.
    pub(crate) fn is_named(&self, name: &str, port: u16) -> bool {
        matches!(&self.host, Host::Name(own) if *own == plain(name)) && self.port == port
    }
}

fn plain(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reserved(text: &str) -> Reserved {
        text.parse().unwrap()
    }

    #[test]
    fn a_place_is_one_host_at_one_port() {
        let own = reserved("127.0.0.1:8080");
        assert!(own.is_at("127.0.0.1".parse().unwrap(), 8080));
        assert!(own.is_at("::ffff:127.0.0.1".parse().unwrap(), 8080));
        assert!(!own.is_at("127.0.0.1".parse().unwrap(), 8081) && !own.is_at("127.0.0.2".parse().unwrap(), 8080));
        let named = reserved("Ollama:11434");
        assert!(named.is_named("ollama.", 11434) && !named.is_named("ollama", 80) && !named.is_named("other", 11434));
        for bad in ["", "host", ":80", "host:port"] {
            assert!(bad.parse::<Reserved>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_listener_on_every_address_is_on_all_that_are_not_public() {
        for own in ["0.0.0.0:9090", "[::]:9090"].map(reserved) {
            for address in ["127.0.0.1", "10.0.0.1", "::1", "fd00::1"] {
                assert!(own.is_at(address.parse().unwrap(), 9090), "{address}");
            }
            assert!(!own.is_at("8.8.8.8".parse().unwrap(), 9090) && !own.is_at("127.0.0.1".parse().unwrap(), 80));
        }
    }
}
