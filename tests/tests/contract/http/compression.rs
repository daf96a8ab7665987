//! Compressed answers, in one piece with a length (contract section 2, architecture rule 11).

use std::io::Read;

use connix_tests::{Answer, Server, on_every_store};
use reqwest::Method;

on_every_store![
    the_accepted_coding_is_used_and_decodes_to_the_same,
    nothing_is_compressed_that_is_not_asked_for,
    a_coding_of_quality_zero_is_not_used,
];

const DOCS: &str = "/api/v1/docs";

async fn docs(server: &Server, accept: Option<&str>) -> Answer {
    let call = server.anonymous().call(Method::GET, DOCS);
    match accept {
        Some(accept) => call.header("Accept-Encoding", accept).send().await,
        None => call.send().await,
    }
}

fn decoded(coding: &str, bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    match coding {
        "gzip" => _ = flate2::read::GzDecoder::new(bytes).read_to_end(&mut plain).unwrap(),
        "br" => _ = brotli::Decompressor::new(bytes, 4096).read_to_end(&mut plain).unwrap(),
        "zstd" => plain = zstd::decode_all(bytes).unwrap(),
        other => panic!("unexpected coding {other}"),
    }
    plain
}

async fn the_accepted_coding_is_used_and_decodes_to_the_same(server: &Server) {
    let plain = docs(server, None).await;
    for coding in ["gzip", "br", "zstd"] {
        let answer = docs(server, Some(coding)).await;
        assert_eq!(answer.header("content-encoding"), Some(coding));
        assert_eq!(answer.header("content-length"), Some(answer.body.len().to_string().as_str()), "not chunked");
        assert!(answer.listed("vary").contains(&"accept-encoding".into()));
        assert!(answer.body.len() < plain.body.len() / 2, "{coding}: {} bytes", answer.body.len());
        assert_eq!(decoded(coding, &answer.body), plain.body, "{coding}");
    }
    let browser = docs(server, Some("gzip, deflate, br, zstd")).await;
    assert_eq!(decoded(browser.header("content-encoding").unwrap(), &browser.body), plain.body);
}

async fn nothing_is_compressed_that_is_not_asked_for(server: &Server) {
    for accept in [None, Some("identity"), Some("compress")] {
        let answer = docs(server, accept).await;
        answer.expect(200);
        assert_eq!(answer.header("content-encoding"), None, "{accept:?}");
        assert_eq!(answer.header("content-length"), Some(answer.body.len().to_string().as_str()));
    }
}

async fn a_coding_of_quality_zero_is_not_used(server: &Server) {
    let answer = docs(server, Some("br;q=0, gzip;q=0.5, zstd;q=0")).await;
    assert_eq!(answer.header("content-encoding"), Some("gzip"));
    let answer = docs(server, Some("gzip;q=0")).await;
    assert_eq!(answer.header("content-encoding"), None);
}
