use serde_json::json;

use super::super::access::ContainerName;
use super::super::path::PathPattern;
use super::super::rules::{Condition, ItemKind, Naming};
use super::*;

/// A vendor with the spaces 1 (OPEN) and 2 (SHUT), pages 10 and 20 in them, and the comment 200 on the page 20.
#[derive(Default)]
struct Vendor(Vec<String>);

impl Ask for Vendor {
    fn ask(&mut self, _: &str, path: String, query: Vec<(String, String)>) -> Answered {
        let key = query.first().map(|(_, value)| value.to_uppercase());
        self.0.push(path.clone());
        Answered::Json(match (path.as_str(), key.as_deref()) {
            ("/spaces/1", _) | ("/spaces", Some("OPEN")) => json!({"id": "1", "key": "OPEN"}),
            ("/spaces/2", _) | ("/spaces", Some("SHUT" | "ALIAS")) => json!({"id": "2", "key": "SHUT"}),
            ("/pages/10", _) => json!({"spaceId": "1"}),
            ("/pages/20", _) => json!({"spaceId": 2}),
            ("/pages/30", _) => json!({"title": "homeless"}),
            ("/pages/40", _) => return Answered::Nothing("the answer had the status 401".to_owned()),
            ("/comments/200", _) => json!({"pageId": "20"}),
            ("/comments/201", _) => json!({"parentId": "201", "pageId": null}),
            _ => return Answered::NotThere,
        })
    }
}

fn pointer(text: &str) -> Pointer {
    Pointer::parse(text).unwrap()
}

fn lookup(path: &str, query: &[(&str, &str)], names: &[(&str, Reference)]) -> Lookup {
    Lookup {
        audience: "api".to_owned(),
        path: PathPattern::parse(path).unwrap(),
        query: query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        names: names.iter().map(|(at, what)| Naming { pointer: pointer(at), what: what.clone() }).collect(),
    }
}

fn item(kind: &str) -> Reference {
    Reference::Item(kind.to_owned())
}

fn containers() -> Containers {
    let both = [("/id", Reference::ContainerId), ("/key", Reference::ContainerKey)];
    let kind = |name: &str, lookups| ItemKind { name: name.to_owned(), lookups };
    Containers {
        name: "space".to_owned(),
        by_id: lookup("/spaces/{id}", &[], &both),
        by_key: lookup("/spaces", &[("key", ID)], &both),
        items: vec![
            kind("page", vec![lookup("/pages/{id}", &[], &[("/spaceId", Reference::ContainerId)])]),
            kind(
                "comment",
                vec![
                    lookup("/elsewhere/{id}", &[], &[("/pageId", item("page"))]),
                    lookup(
                        "/comments/{id}",
                        &[],
                        &[("/pageId", item("page")), ("/parentId", item("comment"))],
                    ),
                ],
            ),
        ],
    }
}

fn policy(others: Access, named: &[(&str, Access)]) -> ContainerPolicy {
    let named =
        named.iter().map(|(name, access)| (name.parse::<ContainerName>().unwrap(), *access)).collect();
    ContainerPolicy { others, named }
}

fn rule(method: &str, path: &str, subjects: Vec<Subject>) -> RequestRule {
    RequestRule {
        audience: "api".to_owned(),
        method: Method::new(method),
        path: PathPattern::parse(path).unwrap(),
        subjects: Some(subjects),
        keeps: vec![pointer("/next")],
    }
}

fn at(place: Place, what: Reference) -> Subject {
    Subject { place, what, when: None }
}

/// Judges a request with a path and a body, and says what was asked for it.
fn judge(
    policy: &ContainerPolicy,
    rule: &RequestRule,
    path: &[&str],
    body: Carried<'_>,
) -> (Result<Left, Refusal>, Vec<String>) {
    let path: Vec<String> = path.iter().map(|segment| (*segment).to_owned()).collect();
    let asked = Asked { method: &rule.method, path: &path, query: &[], body, answer_is_read: true };
    let (containers, mut known, mut vendor) = (containers(), Known::default(), Vendor::default());
    let judged =
        Judge { containers: &containers, policy, known: &mut known, ask: &mut vendor }.request(rule, &asked);
    (judged, vendor.0)
}

fn is_policy(refusal: &Refusal) -> bool {
    matches!(refusal, Refusal::Policy { .. })
}

#[test]
fn an_item_is_followed_to_its_container_over_what_it_belongs_to() {
    let put =
        rule("PUT", "/comments/{comment}", vec![at(Place::Path("comment".to_owned()), item("comment"))]);
    let shut = policy(Access::Allow, &[("SHUT", Access::Deny)]);
    let (judged, asked) = judge(&shut, &put, &["comments", "200"], Carried::Nothing);
    assert!(is_policy(&judged.unwrap_err()));
    assert_eq!(asked, ["/elsewhere/200", "/comments/200", "/pages/20", "/spaces/2"]);
    let by_id = policy(Access::Allow, &[("id:2", Access::Deny)]);
    let (judged, asked) = judge(&by_id, &put, &["comments", "200"], Carried::Nothing);
    assert!(is_policy(&judged.unwrap_err()));
    assert_eq!(asked.len(), 3, "an id needs no key to be compared");
}

#[test]
fn what_leads_nowhere_or_in_a_circle_is_undecided() {
    let get = |kind: &str| rule("GET", "/x/{id}", vec![at(Place::Path("id".to_owned()), item(kind))]);
    let shut = policy(Access::Allow, &[("SHUT", Access::Deny)]);
    for (kind, id) in [
        ("page", "30"),
        ("page", "40"),
        ("page", "50"),
        ("comment", "201"),
        ("page", "010"),
        ("page", "1/0"),
        ("page", "١٠"),
        ("page", ""),
    ] {
        let (judged, _) = judge(&shut, &get(kind), &["x", id], Carried::Nothing);
        assert!(matches!(judged, Err(Refusal::Undecided(_))), "{kind} {id}: {judged:?}");
    }
}

#[test]
fn the_method_alone_says_whether_something_is_read() {
    let subject = || vec![at(Place::Path("id".to_owned()), item("page"))];
    let read_only = policy(Access::ReadOnly, &[]);
    for (method, may) in
        [("GET", true), ("HEAD", true), ("POST", false), ("DELETE", false), ("REPORT", false)]
    {
        let (judged, _) =
            judge(&read_only, &rule(method, "/x/{id}", subject()), &["x", "10"], Carried::Nothing);
        assert_eq!(judged.is_ok(), may, "{method}");
    }
}

#[test]
fn a_place_means_what_its_condition_says_and_nothing_else() {
    let when = |text: &str| Some(Condition { pointer: pointer("/to/type"), equals: text.to_owned() });
    let value = || Place::Body(pointer("/to/value"));
    let copy = rule(
        "POST",
        "/x/{id}",
        vec![
            at(Place::Path("id".to_owned()), item("page")),
            Subject { place: value(), what: Reference::ContainerKey, when: when("space") },
            Subject { place: value(), what: item("page"), when: when("page") },
        ],
    );
    let shut = policy(Access::Allow, &[("SHUT", Access::Deny)]);
    for (body, may) in [
        (json!({"to": {"type": "space", "value": "open"}}), true),
        (json!({"to": {"type": "page", "value": "10"}}), true),
        (json!({}), true),
        (json!({"to": {"type": "space", "value": "SHUT"}}), false),
        (json!({"to": {"type": "space", "value": "ALIAS"}}), false),
        (json!({"to": {"type": "page", "value": "20"}}), false),
        (json!({"to": {"type": "Space", "value": "OPEN"}}), false),
        (json!({"to": {"type": "other", "value": "OPEN"}}), false),
        (json!({"to": {"value": "OPEN"}}), false),
    ] {
        let (judged, _) = judge(&shut, &copy, &["x", "10"], Carried::Json(&body.to_string()));
        assert_eq!(judged.is_ok(), may, "{body}");
    }
}

#[test]
fn an_answer_tells_where_an_item_is_and_what_may_not_be_read_is_taken_out() {
    let get = rule(
        "GET",
        "/pages/{id}",
        vec![
            at(Place::Path("id".to_owned()), item("page")),
            at(Place::Answer(pointer("/spaceId")), Reference::ContainerId),
        ],
    );
    let list = rule(
        "GET",
        "/spaces",
        vec![
            at(Place::Answer(pointer("/results/*/id")), Reference::ContainerId),
            at(Place::Answer(pointer("/results/*/key")), Reference::ContainerKey),
        ],
    );
    let (containers, shut) = (containers(), policy(Access::Allow, &[("SHUT", Access::Deny)]));
    let (mut known, mut vendor) = (Known::default(), Vendor::default());
    let mut judge = Judge { containers: &containers, policy: &shut, known: &mut known, ask: &mut vendor };

    let answer = json!({"results": [{"id": 1, "key": "OPEN"}, {"id": 2, "key": "SHUT"}, {"name": "?"}], "total": 3, "next": "n"});
    let given = judge.answer(&list, Left::default(), answer).unwrap();
    assert_eq!(given, json!({"results": [{"id": 1, "key": "OPEN"}], "next": "n"}));
    assert!(judge.answer(&list, Left::default(), json!({"total": 3})).is_err());

    let path = ["pages".to_owned(), "10".to_owned()];
    let asked =
        Asked { method: &get.method, path: &path, query: &[], body: Carried::Nothing, answer_is_read: true };
    let left = judge.request(&get, &asked).unwrap();
    let answer = json!({"spaceId": "1", "title": "T"});
    assert_eq!(judge.answer(&get, left, answer.clone()).unwrap(), answer);
    assert_eq!(judge.request(&get, &asked).unwrap(), Left::default(), "it is known by now");
    assert!(judge.answer(&get, Left::default(), json!({"spaceId": "2"})).is_err());
    assert!(judge.answer(&get, Left::default(), json!({"title": "T"})).is_err());
    assert!(vendor.0.is_empty(), "all of it was told by answers: {:?}", vendor.0);
}
