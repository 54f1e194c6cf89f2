//! What nobody may do to the host by what they send it: one function for each thing that comes from outside, which takes
//! any bytes and panics where a promise is broken.
//!
//! `host/fuzz` calls them with what it finds, and the tests below with what chance gives. The library does not have them.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a property fails by panicking, and is called by tests alone"
)]

mod answers;
mod components;
mod requests;

pub use answers::{callback_query, token_answer};
pub use components::{component, manifest};
pub use requests::{headers, redirects, url_policy};

/// The secret that is looked for in whatever comes out.
const TOKEN: &str = "canary-access-token-0123456789";

/// Checks what every failure keeps to: it can be shown anywhere.
fn check_failure(failure: &crate::Failure) {
    let texts = [Some(&failure.message), failure.hint.as_ref()];
    for text in texts.into_iter().flatten() {
        assert!(text.chars().count() <= crate::failure::MAX_TEXT + 1, "too long: {text}");
        assert_eq!(&crate::failure::plain_text(text, usize::MAX), text, "not plain");
    }
    assert!(failure.code.len() <= 64, "{}", failure.code);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Pieces of what is fed, so that chance gets somewhere.
    fn texts(pieces: &'static [&'static str]) -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            3 => proptest::sample::select(pieces).prop_map(str::to_owned),
            1 => ".{0,6}",
            1 => "[a-zA-Z0-9./:@%&=?#\\-]{0,8}",
        ];
        proptest::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
    }

    #[test]
    fn what_is_usual_passes() {
        let usual = crate::runtime::fuzzing::manifest_of(std::iter::empty()).unwrap();
        assert_eq!(usual.templates.len(), 2);
    }

    /// Addresses at the edges of what is not public, and within.
    const NOT_PUBLIC: &str = "\
        0.0.0.0 0.255.255.255 10.0.0.0 10.255.255.255 100.64.0.0 100.127.255.255 127.0.0.1 168.63.129.16 \
        169.254.169.254 172.16.0.0 172.31.255.255 192.0.0.0 192.0.0.255 192.0.2.1 192.88.99.1 192.168.0.0 198.18.0.0 \
        198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.0 255.255.255.255 [::] [::1] \
        [::8.8.8.8] [::ffff:8.8.8.8] [64:ff9b::8.8.8.8] [64:ff9b:1::1] [100::1] [2001::1] [2001:1ff:ffff::] \
        [2001:2::1] [2001:db8::1] [2001:db8:ffff::1] [2002::1] [2002:808:808::1] [3fff::1] [3fff:fff:ffff::1] \
        [5f00::1] [fc00::1] [fdff::1] [fe80::1] [fec0::1] [ff02::1]";

    const PUBLIC: &str = "\
        1.0.0.0 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 168.63.129.17 \
        172.15.255.255 172.32.0.0 192.0.1.0 198.17.255.255 198.20.0.0 223.255.255.255 [2000::1] [2001:200::1] \
        [2001:db7::1] [2001:db9::1] [2003::1] [2606::1] [3ffe::1] [3fff:1000::1]";

    /// What the properties below know of addresses: too little, and they would find nothing.
    #[test]
    fn an_address_that_is_not_public_is_known_here_without_asking_the_host() {
        for (addresses, private) in [(NOT_PUBLIC, true), (PUBLIC, false)] {
            for address in addresses.split(' ') {
                let url = url::Url::parse(&format!("https://{address}/")).unwrap();
                let known = match url.host().unwrap() {
                    url::Host::Ipv4(address) => requests::is_private(address),
                    url::Host::Ipv6(address) => requests::is_private_v6(address),
                    url::Host::Domain(name) => panic!("{name} is no address"),
                };
                assert_eq!(known, private, "{address}");
            }
        }
    }

    proptest! {
        #[test]
        fn no_request_goes_to_an_address_that_is_not_public(
            address in prop_oneof![
                proptest::sample::select(NOT_PUBLIC.split(' ').collect::<Vec<_>>()).prop_map(str::to_owned),
                any::<std::net::Ipv4Addr>().prop_map(|address| address.to_string()),
                any::<std::net::Ipv6Addr>().prop_map(|address| format!("[{address}]")),
                any::<u32>().prop_map(|bits| format!("[2001:{:x}:{:x}::]", bits >> 16, bits & 0xffff)),
            ],
        ) {
            url_policy(&format!("https://{address}\n/v1\n\n/x\n\n\nhttps://{address}/token"));
            redirects(&format!("https://{address}/file"));
        }

        #[test]
        fn a_request_goes_where_the_manifest_and_the_policy_say_whatever_the_texts(
            text in texts(&["https://", "http://", "api.example.com", "\n", "/v1", "{site}", "..", "%2e", "169.254.169.254",
                            "[::1]", "0x7f.1", "@", ":80", "/", "\\", "//", "s-1", "?", "#", ";"]),
        ) {
            url_policy(&text);
        }

        #[test]
        fn a_redirect_takes_no_credential_out_of_its_audience_whatever_the_locations(
            text in texts(&["https://", "http://", "//", "api.example.com", "media.example.com", "\n", "/v1/s-1", "/",
                            "..", "%2e%2e", "%2f", "\\", "10.0.0.1", "[::1]", "user@", "?a", "#b", ":443", "file:"]),
        ) {
            redirects(&text);
        }

        #[test]
        fn a_header_of_a_component_is_its_own_whatever_its_name(
            text in texts(&["authorization", "Proxy-", "x-", "cookie", "host", ": ", "\n", "\r", "_", "-", TOKEN,
                            "content-length", "set-cookie", "X-Forwarded-", "Bearer "]),
        ) {
            headers(&text);
        }

        #[test]
        fn a_callback_says_one_thing_or_is_refused_whatever_its_query(
            text in texts(&["state=", "code=", "error=", "iss=", "error_description=", "&", "=", "%26", "+", "%73tate", "a"]),
        ) {
            callback_query(&text);
        }

        #[test]
        fn a_token_answer_gives_a_token_or_a_failure_without_a_secret_whatever_it_is(
            text in texts(&["200\n", "400\n", "{", "}", "\"access_token\":", "\"expires_in\":", "\"error\":", "\"error_description\":",
                            "\"refresh_token\":", "\"scope\":", ",", "\"a\"", "1e9", "-1", "null", "\"client-secret-0123456789\"",
                            "\"invalid_grant\"", "[", "]"]),
        ) {
            token_answer(&text);
        }

        #[test]
        fn a_manifest_is_well_formed_or_refused_whatever_its_texts(
            text in texts(&["\n", "id", "https://a.example", "/v1", "/{id}", "{\"type\":\"object\"}", "{\"$ref\":\"#\"}", "/a/*/b",
                            "run", "create", "api", "{tenant}", "read:x", "{\"format\":\"file\"}"]),
        ) {
            manifest(&text);
        }

        #[test]
        fn what_is_loaded_is_a_component_of_the_contract_or_refused_whatever_its_bytes(
            at in 0..200usize, bytes in proptest::collection::vec(any::<u8>(), 0..8), seed in 0..3usize,
        ) {
            let seed: &[u8] = [
                &include_bytes!("../../fuzz/seeds/component/empty.wasm")[..],
                include_bytes!("../../fuzz/seeds/component/imports_sockets.wasm"),
                include_bytes!("../../fuzz/seeds/component/exports_another_contract.wasm"),
            ][seed];
            let mut changed = seed.to_vec();
            let at = at.min(changed.len());
            let end = (at + bytes.len()).min(changed.len());
            changed.splice(at..end, bytes);
            component(&changed);
        }
    }
}
