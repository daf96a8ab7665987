//! What is signed is read back; what anybody else made is not (O38 to O44 of `reliability.md`).

use super::*;
use connix_domain::id::{GrantId, OAuthClientId, OrgId, TokenPairId, UserId};
use connix_domain::oauth::signing_key::KeyTerm;
use proptest::prelude::*;

fn tokens() -> JwtAccessTokens {
    JwtAccessTokens::new(&MasterKey::from_bytes([1; 32]))
}

fn key(tokens: &JwtAccessTokens) -> SigningKey {
    key_of(tokens, SigningAlgorithm::Es256)
}

fn key_of(tokens: &JwtAccessTokens, algorithm: SigningAlgorithm) -> SigningKey {
    let NewSigningKey { kid, algorithm, public, private } = tokens.new_key(algorithm);
    let now = Default::default();
    let term = KeyTerm::due(&[], algorithm, now).unwrap();
    SigningKey { kid, algorithm, public, private, term, created_at: now, revoked_at: None }
}

fn claims() -> AccessClaims {
    AccessClaims {
        issuer: "https://connix.example".to_owned(),
        audience: vec!["https://connix.example".to_owned()],
        subject: UserId::new(1),
        client: OAuthClientId::new(2),
        expires_at: 1_767_269_400,
        issued_at: 1_767_268_800,
        not_before: None,
        id: TokenPairId::new(3),
        scopes: "read write".parse().unwrap(),
        org: OrgId::new(4),
        grant: GrantId::new(5),
        auth_time: 1_767_268_000,
    }
}

/// A token of any header and claims, signed with this key.
fn forged(tokens: &JwtAccessTokens, key: &SigningKey, header: &Value, claims: &Value) -> String {
    let private = tokens.sealer.open(&place(&key.kid), &key.private).unwrap();
    let signed = format!("{}.{}", base64url::encode(header.to_string()), base64url::encode(claims.to_string()));
    let signature = signature::sign(key.algorithm, &private, signed.as_bytes()).unwrap();
    format!("{signed}.{}", base64url::encode(signature))
}

fn header(key: &SigningKey) -> Value {
    json!({"typ": "at+jwt", "alg": "ES256", "kid": key.kid})
}

fn written() -> Value {
    serde_json::to_value(claims::Written::from(&claims())).unwrap()
}

fn with(mut object: Value, name: &str, value: Value) -> Value {
    object[name] = value;
    object
}

#[test]
fn a_signed_token_reads_back_under_its_key_and_under_no_other() {
    let tokens = tokens();
    let (key, other) = (key(&tokens), key(&tokens));
    let token = tokens.sign(&key, &claims()).unwrap();
    assert_eq!(tokens.kid(token.expose()), Some(key.kid.clone()));
    assert_eq!(tokens.verify(token.expose(), &key), Some(claims()));
    assert_eq!(tokens.verify(token.expose(), &other), None);
    let impostor = SigningKey { kid: key.kid.clone(), ..other };
    assert_eq!(tokens.verify(token.expose(), &impostor), None, "a foreign key under a known name");
}

#[test]
fn a_key_is_named_by_its_thumbprint_and_opens_under_its_own_master_key_alone() {
    let tokens = tokens();
    let key = key(&tokens);
    let jwk = tokens.jwk(&key);
    assert_eq!((jwk["kid"].as_str(), key.kid.len()), (Some(key.kid.as_str()), 43));
    assert_eq!(jwk["x"].as_str().map(str::len), Some(43));
    assert!(jwk.get("d").is_none(), "the private half is not shown");
    let elsewhere = JwtAccessTokens::new(&MasterKey::from_bytes([2; 32]));
    assert_eq!(elsewhere.sign(&key, &claims()), Err(CannotOpen));
}

#[test]
fn rsa_keys_sign_and_are_shown_as_resource_servers_know_them() {
    let tokens = tokens();
    let (key, curve) = (key_of(&tokens, SigningAlgorithm::Rs256), key(&tokens));
    let token = tokens.sign(&key, &claims()).unwrap();
    assert_eq!(tokens.verify(token.expose(), &key), Some(claims()));
    let jwk = tokens.jwk(&key);
    assert_eq!(
        (jwk["kty"].as_str(), jwk["alg"].as_str(), jwk["e"].as_str()),
        (Some("RSA"), Some("RS256"), Some("AQAB"))
    );
    assert_eq!(jwk["n"].as_str().map(str::len), Some(342), "2048 bits");
    // whoever holds the public half alone can verify with what the list of keys says
    let (n, e) = (jwk["n"].as_str().unwrap(), jwk["e"].as_str().unwrap());
    let shown = jsonwebtoken::DecodingKey::from_rsa_components(n, e).unwrap();
    let (signed, signature) = token.expose().rsplit_once('.').unwrap();
    let verified = jsonwebtoken::crypto::verify(signature, signed.as_bytes(), &shown, jsonwebtoken::Algorithm::RS256);
    assert!(verified.unwrap());
    let confused = SigningKey { kid: key.kid.clone(), ..curve };
    assert_eq!(tokens.verify(token.expose(), &confused), None, "the algorithm is the kept key's");
}

/// The example of RFC 7638 3.1.
#[test]
fn a_thumbprint_is_that_of_the_rfc() {
    let members = r#"{"e":"AQAB","kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"}"#;
    assert_eq!(signature::thumbprint_of(members), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
}

/// O38.
#[test]
fn the_algorithm_is_the_key_s() {
    let tokens = tokens();
    let key = key(&tokens);
    for algorithm in ["none", "None", "nonE", "HS256", "ES384", "RS256", ""] {
        let token = forged(&tokens, &key, &with(header(&key), "alg", json!(algorithm)), &written());
        assert_eq!(tokens.verify(&token, &key), None, "{algorithm}");
    }
    let good = forged(&tokens, &key, &header(&key), &written());
    assert_eq!(tokens.verify(&good, &key), Some(claims()));
    let (signed, _) = good.rsplit_once('.').unwrap();
    let hmac = crate::keyed_digest::keyed_digest(key.public[1..33].try_into().unwrap(), signed.as_bytes());
    for signature in [String::new(), base64url::encode([0; 64]), base64url::encode(hmac), "AA".to_owned()] {
        assert_eq!(tokens.verify(&format!("{signed}.{signature}"), &key), None, "{signature}");
    }
}

/// O39 and O40.
#[test]
fn a_header_says_what_ours_say_and_nothing_else() {
    let tokens = tokens();
    let key = key(&tokens);
    for typ in
        [json!("JWT"), json!("id+jwt"), json!("logout+jwt"), json!("AT+JWT"), json!("application/at+jwt"), json!(null)]
    {
        let token = forged(&tokens, &key, &with(header(&key), "typ", typ.clone()), &written());
        assert_eq!(tokens.kid(&token), None, "{typ}");
    }
    let absent = forged(&tokens, &key, &json!({"alg": "ES256", "kid": key.kid}), &written());
    assert_eq!(tokens.kid(&absent), None);
    for (name, value) in [
        ("jku", json!("https://evil.example/jwks")),
        ("x5u", json!("https://evil.example/x5u")),
        ("jwk", tokens.jwk(&key)),
        ("crit", json!(["exp"])),
        ("b64", json!(false)),
        ("kid", json!("../../key")),
        ("kid", json!("' OR 1=1")),
        ("kid", json!("k".repeat(10_240))),
        ("kid", json!(7)),
    ] {
        let token = forged(&tokens, &key, &with(header(&key), name, value), &written());
        assert_eq!(tokens.kid(&token), None, "{name}");
    }
}

/// O42.
#[test]
fn claims_are_all_there_and_each_of_its_type() {
    let tokens = tokens();
    let key = key(&tokens);
    let read = |claims: &Value| tokens.verify(&forged(&tokens, &key, &header(&key), claims), &key);
    for name in ["iss", "sub", "aud", "client_id", "exp", "iat", "jti", "scope", "org", "gid", "auth_time"] {
        let mut claims = written();
        claims.as_object_mut().unwrap().remove(name);
        assert_eq!(read(&claims), None, "without {name}");
    }
    for (name, value) in [
        ("sub", json!("client_0000000000000002")),
        ("client_id", json!("user_0000000000000001")),
        ("exp", json!("1767269400")),
        ("exp", json!(1e20)),
        ("exp", json!(1_767_269_400.5)),
        ("exp", json!(null)),
        ("iat", json!(true)),
        ("scope", json!("admin")),
        ("scope", json!("")),
        ("aud", json!({"a": 1})),
        ("jti", json!("")),
    ] {
        assert_eq!(read(&with(written(), name, value.clone())), None, "{name}: {value}");
    }
    let several = with(written(), "aud", json!(["https://other.example", "https://connix.example"]));
    assert_eq!(read(&several).unwrap().audience.len(), 2);
    assert_eq!(read(&with(written(), "unheard_of", json!(1))), Some(claims()));
}

/// O43.
#[test]
fn other_shapes_are_refused() {
    let tokens = tokens();
    let key = key(&tokens);
    let good = forged(&tokens, &key, &header(&key), &written());
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let (head, _) = signed.split_once('.').unwrap();
    for bad in [
        format!("{good}.x"),
        format!("{good}.x.y"),
        signed.to_owned(),
        format!("{head}.!!!.{signature}"),
        format!("{signed}.{signature}="),
        format!("{good} "),
        format!("{head}.{}.{signature}", base64url::encode([0xff, 0xfe])),
        format!("{head}.{}.{signature}", "a".repeat(9 * 1024)),
        String::new(),
        "..".to_owned(),
    ] {
        assert_eq!(tokens.verify(&bad, &key), None, "{}", bad.len());
    }
}

proptest! {
    #[test]
    fn any_changed_character_is_noticed(position: prop::sample::Index, replacement in "[A-Za-z0-9_-]") {
        let tokens = tokens();
        let key = key(&tokens);
        let token = tokens.sign(&key, &claims()).unwrap();
        let text = token.expose();
        let at = position.index(text.len());
        prop_assume!(text[at..=at] != replacement);
        let changed = format!("{}{replacement}{}", &text[..at], &text[at + 1..]);
        prop_assert_eq!(tokens.verify(&changed, &key), None);
    }

    #[test]
    fn any_text_is_answered_without_a_panic(text in "\\PC{0,60}|[a-zA-Z0-9]{0,9}(\\.[a-zA-Z0-9_-]{0,20}){2}") {
        let tokens = tokens();
        tokens.kid(&text);
    }
}
