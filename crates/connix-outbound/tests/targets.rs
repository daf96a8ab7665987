//! URLs as people and attackers write them (`reliability.md` section 4, W01 to W09).
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use connix_outbound::{AddressRule, Target, TargetFault};

fn strict() -> AddressRule {
    AddressRule::new("webhooks.allow_cidrs", Vec::new())
}

fn allowing(network: &str) -> AddressRule {
    AddressRule::new("webhooks.allow_cidrs", vec![network.parse().unwrap()])
}

fn refused(url: &str) {
    assert!(Target::parse(url, &strict()).is_err(), "{url:?} is taken");
}

#[test]
fn w01_loopback_however_it_is_spelt() {
    for host in [
        "127.0.0.1",
        "127.1",
        "0x7f.1",
        "0x7f000001",
        "2130706433",
        "017700000001",
        "0177.0.0.1",
        "127.0.0.1.",
        "①②⑦.⓪.⓪.①",
        "127。0。0。1",
        "0",
        "0.0.0.0",
        "%31%32%37.0.0.1",
    ] {
        refused(&format!("https://{host}/"));
    }
}

#[test]
fn w02_inner_and_disguised_ipv6_addresses() {
    for host in [
        "[::]",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[::ffff:169.254.169.254]",
        "[64:ff9b::a9fe:a9fe]",
        "[64:ff9b:1::1]",
        "[2002:7f00:1::]",
        "[2001:0:1::6]",
        "[fec0::1]",
        "[fe80::1]",
        "[fe80::1%25eth0]",
        "[fd00::1]",
        "[ff02::1]",
        "[100::1]",
        "[5f00::1]",
        "[3fff::1]",
        "[2001:db8::1]",
    ] {
        refused(&format!("https://{host}/"));
    }
}

#[test]
fn w03_inner_ipv4_addresses() {
    for host in [
        "10.0.0.1",
        "172.31.255.255",
        "192.168.0.1",
        "169.254.169.254",
        "100.100.100.200",
        "192.0.0.192",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
    ] {
        refused(&format!("https://{host}/"));
        refused(&format!("https://{host}:8443/hook"));
    }
}

#[test]
fn w04_other_schemes() {
    for url in [
        "http://example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:6379/_",
        "javascript:alert(1)",
        "data:text/plain,x",
        "unix:/run/x",
        "//example.com/",
        "example.com",
        "",
    ] {
        refused(url);
    }
}

#[test]
fn w05_credentials_fragments_and_confusing_separators() {
    for url in [
        "https://u:p@example.com/",
        "https://@example.com/",
        "https://example.com/#x",
        "https://example.com@127.0.0.1/",
        r"https://example.com\@127.0.0.1/",
        "http:127.0.0.1/",
        "https:example.com/",
        "https:///example.com/",
    ] {
        refused(url);
    }
}

#[test]
fn w06_characters_that_a_parser_would_drop() {
    for inside in ["\t", "\r\n", "\n", " ", "\0", "\u{7f}", "é"] {
        refused(&format!("https://exam{inside}ple.com/"));
        refused(&format!("https://example.com/{inside}x"));
        refused(&format!("{inside}https://example.com/"));
    }
}

#[test]
fn w07_hosts_that_are_neither_a_name_nor_an_address() {
    for host in ["1.2.3", "1.2.3.4.5", "256.1.1.1", "exam%70le.com", "", "[::1", "exa mple.com"] {
        refused(&format!("https://{host}/"));
    }
}

#[test]
fn w08_ports_of_other_services() {
    for port in ["0", "22", "25", "80", "2375", "5432", "6379", "65536", "-1", "x"] {
        refused(&format!("https://example.com:{port}/"));
    }
    for port in ["443", "8443", "8080", "65535"] {
        Target::parse(&format!("https://example.com:{port}/"), &strict()).unwrap();
    }
}

#[test]
fn w09_names_of_inner_hosts() {
    for host in
        ["localhost", "LOCALHOST.", "x.localhost", "metadata.google.internal", "printer", "a.local", "a.home.arpa"]
    {
        refused(&format!("https://{host}/"));
    }
}

#[test]
fn public_targets_are_taken_as_they_are_written() {
    for url in [
        "https://example.com/",
        "https://Example.com/hook?a=b&c=%20",
        "https://8.8.8.8/",
        "https://[2606:4700::1111]:8443/x",
        "https://a-b.example.co.uk:9000/",
        "https://example.com./",
        "https://xn--bcher-kva.example/",
    ] {
        assert!(Target::parse(url, &strict()).is_ok(), "{url}");
    }
}

#[test]
fn where_the_operator_allows_it_a_target_is_inner_and_plain() {
    let rule = allowing("127.0.0.0/8");
    for url in ["http://127.0.0.1:3000/hook", "https://127.0.0.1/", "http://searxng:8080/", "http://localhost:80/"] {
        assert!(Target::parse(url, &rule).is_ok(), "{url}");
    }
    for url in ["http://10.0.0.1/", "http://8.8.8.8/", "http://127.1/", "http://169.254.169.254/", "ftp://127.0.0.1/"] {
        assert!(Target::parse(url, &rule).is_err(), "{url}");
    }
}

#[test]
fn tenants_reach_neither_the_services_own_places_nor_inner_ports() {
    let reserved = ["127.0.0.1:8080", "0.0.0.0:9090", "ollama:11434"].map(|place| place.parse().unwrap());
    let rule = AddressRule::for_tenants("tools.allow_cidrs", vec!["127.0.0.0/8".parse().unwrap()], reserved.to_vec());
    for url in ["http://127.0.0.1:3000/", "http://127.0.0.1/", "https://127.0.0.1/", "http://trainer:8080/"] {
        assert!(Target::parse(url, &rule).is_ok(), "{url}");
    }
    for url in ["http://127.0.0.1:8080/", "http://127.0.0.2:9090/", "http://ollama:11434/", "http://OLLAMA.:11434/"] {
        assert_eq!(Target::parse(url, &rule), Err(TargetFault::Reserved), "{url}");
    }
    for port in [22, 2375, 2379, 5432, 6379] {
        assert_eq!(Target::parse(&format!("http://127.0.0.1:{port}/"), &rule), Err(TargetFault::Port(port)));
    }
}

#[test]
fn a_refusal_names_the_setting_that_would_allow_it() {
    let fault = Target::parse("https://10.0.0.1/", &strict()).unwrap_err();
    assert_eq!(
        fault.to_string(),
        "must be a public address: 10.0.0.1 is not a public address, and not in webhooks.allow_cidrs"
    );
    assert!(matches!(fault, TargetFault::Address(_)));
}

#[test]
fn length_is_bounded() {
    let url = |length: usize| format!("https://example.com/{}", "x".repeat(length - "https://example.com/".len()));
    assert!(Target::parse(&url(2048), &strict()).is_ok());
    assert_eq!(Target::parse(&url(2049), &strict()), Err(TargetFault::TooLong));
}
