//! Storage format as HTML for people, written so that no body can run or load anything.
//!
//! The body is read as XML and written anew: elements on the allow-list become HTML with the few attributes
//! listed for them, Confluence's macros, tasks and images become plain HTML, every other element is shown as
//! its own text. Nothing of the body reaches the page unescaped.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::html::escape;

/// Elements that are written as they are.
const PLAIN: &[&str] = &[
    "p",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "strong",
    "b",
    "em",
    "i",
    "u",
    "s",
    "del",
    "ins",
    "code",
    "pre",
    "sub",
    "sup",
    "small",
    "ul",
    "ol",
    "li",
    "dl",
    "dt",
    "dd",
    "blockquote",
    "table",
    "thead",
    "tbody",
    "tfoot",
    "tr",
    "th",
    "td",
    "caption",
    "span",
    "div",
];
/// Elements without content.
const VOID: &[&str] = &["br", "hr", "col"];
/// Elements that end a line of text.
const BLOCKS: &[&str] = &[
    "p",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "li",
    "tr",
    "ac:task",
    "ac:plain-text-body",
    "blockquote",
    "pre",
];

/// What to do when the element ends.
enum Frame {
    /// Write this.
    Close(String),
    /// The element and all below it are left out.
    Hidden,
    /// The text inside is a task's status.
    TaskStatus,
}

/// The body as an HTML fragment.
pub(crate) fn html(storage: &str) -> String {
    let mut reader = Reader::from_str(storage);
    let mut writer = Writer::default();
    loop {
        match reader.read_event() {
            Ok(Event::Start(tag)) => writer.start(&tag),
            Ok(Event::Empty(tag)) => {
                writer.start(&tag);
                writer.end();
            }
            Ok(Event::End(_)) => writer.end(),
            Ok(Event::Text(text)) => writer.text(&text),
            Ok(Event::CData(text)) => writer.text(&text),
            Ok(Event::GeneralRef(entity)) => writer.text(&resolve(&entity)),
            Ok(Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_)) => {}
            Ok(Event::Eof) | Err(_) => break,
        }
    }
    writer.finish()
}

/// The text of a body, a line for each block.
pub(crate) fn lines(storage: &str) -> Vec<String> {
    let mut reader = Reader::from_str(storage);
    let mut lines = vec![String::new()];
    loop {
        let words = match reader.read_event() {
            Ok(Event::Text(text)) => text.into_inner().into_owned(),
            Ok(Event::CData(text)) => text.into_inner().into_owned(),
            Ok(Event::GeneralRef(entity)) => resolve(&entity),
            Ok(Event::End(tag)) if BLOCKS.contains(&tag.name().as_ref()) => {
                lines.push(String::new());
                continue;
            }
            Ok(Event::Eof) | Err(_) => break,
            Ok(_) => continue,
        };
        if let Some(line) = lines.last_mut() {
            line.push_str(&words);
        }
    }
    lines.retain(|line| !line.trim().is_empty());
    lines
}

fn resolve(entity: &str) -> String {
    quick_xml::escape::unescape(&format!("&{entity};"))
        .map_or_else(|_| format!("&{entity};"), |text| text.into_owned())
}

#[derive(Default)]
struct Writer {
    out: String,
    open: Vec<Frame>,
}

impl Writer {
    fn hidden(&self) -> bool {
        matches!(self.open.last(), Some(Frame::Hidden))
    }

    fn start(&mut self, tag: &BytesStart<'_>) {
        if self.hidden() {
            self.open.push(Frame::Hidden);
            return;
        }
        let name = tag.name();
        let name = name.as_ref();
        let frame = match name {
            "ac:task-id" | "ac:task-uuid" => Frame::Hidden,
            "ac:task-status" => Frame::TaskStatus,
            "ac:parameter" => match attribute(tag, "ac:name").as_deref() {
                Some("language" | "title") => self.wrap("<figcaption>", "</figcaption>"),
                _ => Frame::Hidden,
            },
            "ac:structured-macro" => self.macro_(&attribute(tag, "ac:name").unwrap_or_default()),
            "ac:plain-text-body" => self.wrap("<pre><code>", "</code></pre>"),
            "ac:task-list" => self.wrap("<ul class=\"tasks\">", "</ul>"),
            "ac:task" => self.wrap("<li>", "</li>"),
            "ac:task-body" | "ac:rich-text-body" => self.wrap("<div>", "</div>"),
            "ac:image" => self.wrap("<span class=\"meta\">[image ", "]</span>"),
            "ri:attachment" => self.word(attribute(tag, "ri:filename")),
            "ri:url" => self.word(attribute(tag, "ri:value")),
            "ri:page" => self.word(attribute(tag, "ri:content-title")),
            "ac:emoticon" => self.word(attribute(tag, "ac:emoji-fallback")),
            "a" => match attribute(tag, "href").filter(|href| is_safe(href)) {
                Some(href) => {
                    self.wrap(&format!("<a rel=\"noopener noreferrer\" href=\"{}\">", escape(&href)), "</a>")
                }
                None => self.wrap("<span>", "</span>"),
            },
            name if VOID.contains(&name) => self.wrap(&format!("<{name}/>"), ""),
            name if PLAIN.contains(&name) => {
                self.wrap(&format!("<{name}{}>", numbers(tag)), &format!("</{name}>"))
            }
            name if name.starts_with("ac:") || name.starts_with("ri:") => self.wrap("", ""),
            name => {
                let shown = escape(&format!("<{name}>"));
                self.wrap(&shown, &escape(&format!("</{name}>")))
            }
        };
        self.open.push(frame);
    }

    fn end(&mut self) {
        if let Some(Frame::Close(end)) = self.open.pop() {
            self.out.push_str(&end);
        }
    }

    fn text(&mut self, text: &str) {
        match self.open.last() {
            Some(Frame::Hidden) => {}
            Some(Frame::TaskStatus) => self.out.push_str(match text.trim() {
                "complete" => "<span role=\"img\" aria-label=\"done\">☑</span>",
                _ => "<span role=\"img\" aria-label=\"to do\">☐</span>",
            }),
            _ => self.out.push_str(&escape(text)),
        }
    }

    fn macro_(&mut self, name: &str) -> Frame {
        match name {
            "code" | "noformat" => self.wrap("<figure class=\"code\">", "</figure>"),
            "info" | "note" | "tip" | "warning" | "panel" => self.wrap("<aside class=\"panel\">", "</aside>"),
            name => self.wrap(&format!("<div><p class=\"meta\">Macro {}</p>", escape(name)), "</div>"),
        }
    }

    fn word(&mut self, word: Option<String>) -> Frame {
        self.wrap(&escape(&word.unwrap_or_default()), "")
    }

    fn wrap(&mut self, start: &str, end: &str) -> Frame {
        self.out.push_str(start);
        Frame::Close(end.to_owned())
    }

    /// The fragment, with whatever a broken body left open closed.
    fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.end();
        }
        self.out
    }
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let attribute = tag.attributes().flatten().find(|attribute| attribute.key.as_ref() == name)?;
    quick_xml::escape::unescape(&attribute.value).ok().map(|value| value.into_owned())
}

/// The attributes of tables and lists that are numbers.
fn numbers(tag: &BytesStart<'_>) -> String {
    ["colspan", "rowspan", "start"]
        .iter()
        .filter_map(|name| Some((name, attribute(tag, name)?.parse::<u16>().ok()?)))
        .map(|(name, number)| format!(" {name}=\"{number}\""))
        .collect()
}

/// Links that cannot run script: absolute ones of three schemes, paths and fragments.
fn is_safe(href: &str) -> bool {
    match url::Url::parse(href) {
        Ok(url) => matches!(url.scheme(), "http" | "https" | "mailto"),
        Err(url::ParseError::RelativeUrlWithoutBase) => href.starts_with(['/', '#', '?']),
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_outside_the_allow_list_are_shown_as_text() {
        let page = html("<p>a<script>alert(1)</script><img src=\"x\" onerror=\"y\"/></p>");
        assert_eq!(page, "<p>a&lt;script&gt;alert(1)&lt;/script&gt;&lt;img&gt;&lt;/img&gt;</p>");
    }

    #[test]
    fn attributes_outside_the_allow_list_are_dropped() {
        assert_eq!(html("<td onclick=\"x\" colspan=\"2\" rowspan=\"a\">1</td>"), "<td colspan=\"2\">1</td>");
        assert_eq!(html("<a href=\"javascript:alert(1)\">x</a>"), "<span>x</span>");
        assert_eq!(html("<a href=\"&#106;avascript:alert(1)\">x</a>"), "<span>x</span>");
        assert_eq!(html("<a href=\" java&#10;script:alert(1)\">x</a>"), "<span>x</span>");
        assert!(html("<a href=\"https://example.com/?a=1&amp;b=2\">x</a>").contains("?a=1&amp;b=2"));
    }

    #[test]
    fn code_tasks_and_images_become_plain_html() {
        let code = html(
            "<ac:structured-macro ac:name=\"code\"><ac:parameter ac:name=\"language\">rust</ac:parameter>\
             <ac:plain-text-body><![CDATA[if a < b {}]]></ac:plain-text-body></ac:structured-macro>",
        );
        assert_eq!(
            code,
            "<figure class=\"code\"><figcaption>rust</figcaption><pre><code>if a &lt; b {}</code></pre></figure>"
        );
        assert!(html("<ac:task-list><ac:task><ac:task-id>4</ac:task-id><ac:task-status>complete</ac:task-status><ac:task-body>x</ac:task-body></ac:task></ac:task-list>").contains("☑"));
        assert!(
            html("<ac:image><ri:attachment ri:filename=\"a.png\"/></ac:image>").contains("[image a.png]")
        );
    }

    #[test]
    fn a_broken_body_still_gives_balanced_html() {
        assert_eq!(html("<p><strong>a"), "<p><strong>a</strong></p>");
    }

    #[test]
    fn the_text_of_a_body_is_a_line_for_each_block() {
        assert_eq!(lines("<h1>A &amp; B</h1><p>c <em>d</em></p>"), ["A & B", "c d"]);
    }
}
