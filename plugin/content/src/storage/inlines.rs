//! Reads what stands in a line. A block in a line (a list in a table cell) becomes a part of it, with line breaks.

use super::super::document::{Image, Inline, Inlines, Label, Link, Marker, MarkerKind, Style, plain_text};
use super::super::target::{Resource, ResourceKind, Source, Target};
use super::macros;
use super::reader::{Depth, MAX_ELEMENT_DEPTH, Reader, is_hidden, is_section, is_wrapper};
use super::tree::{Element, Kind, NodeId};

// What stands before the items of lists that have become lines.
pub(super) const BULLET: &str = "• ";
pub(super) const TICKED: &str = "☑ ";
pub(super) const UNTICKED: &str = "☐ ";

/// The inlines that a node holds.
pub(super) fn of(reader: Reader<'_>, parent: NodeId, depth: Depth) -> Inlines {
    let mut line = Vec::new();
    children(reader, parent, depth, &mut line);
    line
}

/// Adds text, which is code in a `<code>`.
pub(super) fn text(text: &str, depth: Depth, line: &mut Inlines) {
    line.push(if depth.code { Inline::Code(text.to_owned()) } else { Inline::Text(text.to_owned()) });
}

pub(super) fn children(reader: Reader<'_>, parent: NodeId, depth: Depth, line: &mut Inlines) {
    nodes(reader, Some(parent), depth, line);
}

/// The inlines of a whole fragment.
pub(super) fn roots(reader: Reader<'_>, depth: Depth, line: &mut Inlines) {
    nodes(reader, None, depth, line);
}

fn nodes(reader: Reader<'_>, parent: Option<NodeId>, depth: Depth, line: &mut Inlines) {
    for id in reader.tree.children(parent) {
        match reader.tree.kind(id) {
            Some(Kind::Text(words)) => text(words, depth, line),
            Some(Kind::Element(_)) if depth.elements >= MAX_ELEMENT_DEPTH => {
                text(&reader.tree.text_of(id), depth, line);
            }
            Some(Kind::Element(element)) => self::element(reader, id, element, depth, line),
            None => {}
        }
    }
}

/// Elements of Confluence's own that [`element`] reads.
pub(super) fn is_known(name: &str) -> bool {
    matches!(name, "ac:link" | "ac:image" | "ac:emoticon")
}

pub(super) fn element(
    reader: Reader<'_>,
    id: NodeId,
    element: &Element<'_>,
    depth: Depth,
    line: &mut Inlines,
) {
    let inner = depth.down();
    if let Some(style) = Style::of_tag(element.name) {
        line.push(Inline::Styled(style, of(reader, id, inner)));
        return;
    }
    match element.name {
        "br" => line.push(Inline::Break),
        "code" | "kbd" | "samp" | "tt" | "var" => children(reader, id, Depth { code: true, ..inner }, line),
        "a" if element.attribute("href").is_some() => {
            let target = element.attribute("href").and_then(Target::parse);
            let body = of(reader, id, Depth { link: inner.link || target.is_some(), ..inner });
            match target {
                Some(target) => link(target, element.attribute("title"), body, line),
                None => line.extend(body),
            }
        }
        "img" => {
            let alt = element.attribute("alt").unwrap_or_default().to_owned();
            let title = element.attribute("title").unwrap_or_default().to_owned();
            line.push(match element.attribute("src").and_then(Source::parse) {
                Some(source) => Inline::Image(Box::new(Image { source, alt, title })),
                None => Inline::Text(alt),
            });
        }
        "time" => match element.attribute("datetime").filter(|day| !day.is_empty()) {
            Some(day) => {
                let target = Target::Resource(Resource::new(ResourceKind::Date, day.to_owned()));
                link(target, None, vec![Inline::Text(day.to_owned())], line);
            }
            None => line.push(unknown(reader, id, element.name)),
        },
        "ac:link" => resource_link(reader, id, element, inner, line),
        "ac:image" => image(reader, id, element, inner, line),
        "ac:emoticon" => {
            line.push(macros::alone(reader, id, MarkerKind::Element, element.name, emoticon(element)));
        }
        "ac:placeholder" => {
            let label = format!("placeholder: {}", reader.tree.text_of(id));
            line.push(macros::alone(reader, id, MarkerKind::Element, element.name, label));
        }
        "ac:structured-macro" | "ac:macro" => macros::inline(reader, id, element, inner, line),
        "li" => {
            apart(line);
            line.push(Inline::Text(BULLET.to_owned()));
            children(reader, id, inner, line);
            apart(line);
        }
        "ac:task" => {
            let status = reader.tree.child(id, "ac:task-status").map(|(id, _)| reader.tree.text_of(id));
            let done = status.is_some_and(|status| status.trim() == "complete");
            apart(line);
            line.push(Inline::Text(if done { TICKED } else { UNTICKED }.to_owned()));
            if let Some((body, _)) = reader.tree.child(id, "ac:task-body") {
                children(reader, body, inner.down(), line);
            }
            apart(line);
        }
        "td" | "th" => {
            children(reader, id, inner, line);
            line.push(Inline::Text(" ".to_owned()));
        }
        "pre" => code_lines(&reader.tree.text_of(id), line),
        "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
            apart(line);
            line.push(Inline::Styled(Style::Strong, of(reader, id, inner)));
            apart(line);
        }
        "hr" => apart(line),
        name if is_hidden(name) => {}
        name if is_section(name) || matches!(name, "ul" | "ol" | "blockquote" | "table" | "ac:task-list") => {
            apart(line);
            children(reader, id, inner, line);
            apart(line);
        }
        "ac:adf-extension" => {
            for content in macros::contents(reader.tree, id) {
                children(reader, content, inner.down(), line);
            }
        }
        // Parts of elements that are read with these.
        "ac:link-body" | "ac:plain-text-link-body" | "ac:caption" => children(reader, id, inner, line),
        name if name.contains(':') || is_wrapper(name) || name == "a" => {
            if is_mark(element) {
                mark(reader, id, element, inner, line);
            } else {
                children(reader, id, inner, line);
            }
        }
        _ => children(reader, id, inner, line),
    }
}

/// Whether an element says something of its words that Markdown cannot say.
pub(super) fn is_mark(element: &Element<'_>) -> bool {
    let placeholder = |value: &str| value == "placeholder-inline-tasks";
    match element.name {
        // An element of HTML without attributes says little, and one that marks the words of a task nothing.
        "span" | "font" | "label" => {
            element.attributes.iter().any(|(name, value)| *name != "class" || !placeholder(value))
        }
        "a" => !element.attributes.is_empty(),
        _ => true,
    }
}

/// An element around words. Where Markdown has no place for its marker, in a link or around one, only the words show.
fn mark(reader: Reader<'_>, id: NodeId, element: &Element<'_>, depth: Depth, line: &mut Inlines) {
    let words = of(reader, id, depth);
    if plain_text(&words).trim().is_empty() && !has_links(&words) && !has_image(&words) {
        line.push(unknown(reader, id, element.name));
    } else if has_links(&words) || depth.link || depth.code {
        line.extend(words);
    } else {
        let name = element.name;
        let marker = macros::around(reader, id, id, MarkerKind::Mark, name, format!("element: {name}"));
        line.push(Inline::Marker(Box::new(Marker { label: Label::Words(words), ..marker })));
    }
}

fn has_links(inlines: &[Inline]) -> bool {
    inlines.iter().any(|inline| match inline {
        Inline::Link(_) | Inline::Marker(_) => true,
        Inline::Styled(_, body) => has_links(body),
        _ => false,
    })
}

/// The marker of an element whose content is not shown.
fn unknown(reader: Reader<'_>, id: NodeId, name: &str) -> Inline {
    macros::alone(reader, id, MarkerKind::Element, name, format!("element: {name}"))
}

/// Begins a new line, unless the line is new or has but the mark of an item.
pub(super) fn apart(line: &mut Inlines) {
    let fresh = match line.last() {
        None | Some(Inline::Break) => true,
        Some(Inline::Text(text)) => [BULLET, TICKED, UNTICKED].contains(&text.as_str()),
        _ => false,
    };
    if !fresh {
        line.push(Inline::Break);
    }
}

/// Code of several lines, in a line.
pub(super) fn code_lines(text: &str, line: &mut Inlines) {
    apart(line);
    for code in text.lines() {
        line.push(Inline::Code(code.to_owned()));
        line.push(Inline::Break);
    }
}

fn link(target: Target, title: Option<&str>, body: Inlines, line: &mut Inlines) {
    let title = title.unwrap_or_default().to_owned();
    line.push(Inline::Link(Box::new(Link { target, title, body })));
}

fn resource_link(reader: Reader<'_>, id: NodeId, element: &Element<'_>, depth: Depth, line: &mut Inlines) {
    let anchor = element.attribute("ac:anchor").filter(|anchor| !anchor.is_empty());
    let mut resource = resource(reader, id);
    if let Some(resource) = &mut resource {
        resource.anchor = anchor.map(ToOwned::to_owned);
    }
    let mut body = Vec::new();
    for (child, part) in reader.tree.elements(id) {
        if matches!(part.name, "ac:link-body" | "ac:plain-text-link-body") {
            children(reader, child, Depth { link: true, ..depth.down() }, &mut body);
        }
    }
    let target = match (resource, anchor) {
        (Some(resource), _) => {
            // The words of a mention are the name of its user, which the page does not hold.
            let words = plain_text(&body);
            if resource.kind == ResourceKind::User || words.trim().is_empty() && !has_image(&body) {
                body = vec![Inline::Text(resource.label())];
            }
            Some(Target::Resource(resource))
        }
        (None, Some(anchor)) => {
            if body.is_empty() {
                body.push(Inline::Text(anchor.to_owned()));
            }
            Target::parse(&format!("#{anchor}"))
        }
        (None, None) => None,
    };
    match target {
        Some(target) => link(target, None, body, line),
        // Words without their link would be given back without it.
        None if body.is_empty() || leads_somewhere(reader, id) => {
            line.push(unknown(reader, id, element.name));
        }
        None => line.extend(body),
    }
}

/// Whether a link has more than words: a target, of whatever kind.
fn leads_somewhere(reader: Reader<'_>, link: NodeId) -> bool {
    let is_words = |name| matches!(name, "ac:link-body" | "ac:plain-text-link-body");
    reader.tree.elements(link).any(|(_, part)| !is_words(part.name))
}

fn has_image(body: &[Inline]) -> bool {
    body.iter().any(|inline| matches!(inline, Inline::Image(_)))
}

/// The resource that a node names.
fn resource(reader: Reader<'_>, parent: NodeId) -> Option<Resource> {
    reader.tree.elements(parent).find_map(|(id, element)| {
        let kind = ResourceKind::of_element(element.name)?;
        let name = element.attribute(kind.element().1).or_else(|| element.attribute("ri:userkey"))?;
        let mut resource = Resource::new(kind, name.to_owned());
        let mut space = element.attribute("ri:space-key");
        if kind == ResourceKind::Attachment
            && let Some((_, page)) = reader.tree.child(id, "ri:page")
        {
            resource.page = page.attribute("ri:content-title").map(ToOwned::to_owned);
            space = page.attribute("ri:space-key");
        }
        if kind != ResourceKind::Space {
            resource.space = space.filter(|space| !space.is_empty()).map(ToOwned::to_owned);
        }
        resource.day = element.attribute("ri:posting-day").map(ToOwned::to_owned);
        (!resource.name.is_empty()).then_some(resource)
    })
}

fn image(reader: Reader<'_>, id: NodeId, element: &Element<'_>, depth: Depth, line: &mut Inlines) {
    let alt = element.attribute("ac:alt").unwrap_or_default().to_owned();
    let title = element.attribute("ac:title").unwrap_or_default().to_owned();
    let url = reader.tree.child(id, "ri:url").and_then(|(_, url)| url.attribute("ri:value"));
    let source = match url {
        Some(url) => Source::parse(url),
        None => {
            resource(reader, id).filter(|each| each.kind == ResourceKind::Attachment).map(Source::Attachment)
        }
    };
    match source {
        Some(source) => line.push(Inline::Image(Box::new(Image { source, alt, title }))),
        None if alt.is_empty() => line.push(unknown(reader, id, element.name)),
        None => line.push(Inline::Text(alt)),
    }
    if let Some((caption, _)) = reader.tree.child(id, "ac:caption") {
        line.push(Inline::Break);
        line.push(Inline::Styled(Style::Emphasis, of(reader, caption, depth.down())));
    }
}

fn emoticon(element: &Element<'_>) -> String {
    let fallback = element.attribute("ac:emoji-fallback").filter(|fallback| !fallback.is_empty());
    match fallback.or_else(|| element.attribute("ac:emoji-shortname")) {
        Some(emoji) => emoji.to_owned(),
        None => format!(":{}:", element.attribute("ac:name").unwrap_or("emoticon")),
    }
}
