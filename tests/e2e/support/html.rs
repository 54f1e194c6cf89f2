//! The forms and links of a page.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use url::Url;

/// A form, as a person fills it in.
#[derive(Debug, Clone)]
pub(crate) struct Form {
    pub(crate) action: Url,
    pub(crate) is_post: bool,
    /// Its fields in order. Buttons are not among them: which one was pressed is said with [`Form::with`].
    pub(crate) fields: Vec<(String, String)>,
}

impl Form {
    /// The form with a field filled in, which is added where it is not there.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        match self.fields.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => value.clone_into(known),
            None => self.fields.push((name.to_owned(), value.to_owned())),
        }
        self
    }
}

/// The forms of a page that was found at this URL.
pub(crate) fn forms(at: &Url, page: &str) -> Vec<Form> {
    let mut forms = Vec::new();
    for tag in tags(page) {
        let said = |name: &str| attribute(&tag, name);
        match (tag.name().as_ref(), forms.last_mut()) {
            ("form", _) => forms.push(Form {
                action: at.join(&said("action").unwrap_or_default()).unwrap(),
                is_post: said("method").is_some_and(|method| method.eq_ignore_ascii_case("post")),
                fields: Vec::new(),
            }),
            ("input", Some(form)) => {
                form.fields.extend(said("name").map(|name| (name, said("value").unwrap_or_default())));
            }
            _ => {}
        }
    }
    forms
}

/// Where the links of a page lead that was found at this URL.
pub(crate) fn links(at: &Url, page: &str) -> Vec<Url> {
    let targets = tags(page).into_iter().filter(|tag| tag.name().as_ref() == "a");
    targets.filter_map(|tag| at.join(&attribute(&tag, "href")?).ok()).collect()
}

/// The opening tags of a page, in order. HTML leaves many of them open.
fn tags(page: &str) -> Vec<BytesStart<'_>> {
    let mut reader = Reader::from_str(page);
    reader.config_mut().check_end_names = false;
    reader.config_mut().allow_unmatched_ends = true;
    let mut tags = Vec::new();
    loop {
        match reader.read_event().unwrap() {
            Event::Start(tag) | Event::Empty(tag) => tags.push(tag),
            Event::Eof => return tags,
            _ => {}
        }
    }
}

/// The value of an attribute; empty where it has none.
fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let attribute = tag.html_attributes().flatten().find(|attribute| attribute.key.as_ref() == name)?;
    Some(quick_xml::escape::unescape(&attribute.value).unwrap().into_owned())
}

#[test]
fn forms_are_read_as_browsers_read_them() {
    let at = Url::parse("http://a.test/login/page?x=1").unwrap();
    let page = r#"<!DOCTYPE html><p>One<br>two<form action="./go?a=1&amp;b=2" method=POST>
        <input required name="user" placeholder="who"><input type=hidden name=token value="a&quot;b"/>
        <button type="submit">Go</button></form><form></form><a href="/away">away</a>"#;
    let forms = forms(&at, page);
    let form = forms[0].clone().with("user", "ada");
    assert_eq!((form.action.as_str(), form.is_post), ("http://a.test/login/go?a=1&b=2", true));
    let fields: Vec<_> = form.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(fields, [("user", "ada"), ("token", "a\"b")]);
    assert_eq!((forms.len(), forms[1].action.as_str(), forms[1].is_post), (2, at.as_str(), false));
    assert_eq!(links(&at, page)[0].as_str(), "http://a.test/away");
}
