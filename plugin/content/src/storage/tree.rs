//! The elements and texts of a piece of storage format.
//!
//! They lie in one list and point to each other by number, so that neither building nor dropping a tree recurses,
//! however deep a page is nested.

use std::borrow::Cow;

use super::super::document::Bytes;

/// A parsed fragment.
#[derive(Debug, Default)]
pub(super) struct Tree<'a> {
    nodes: Vec<Node<'a>>,
    root: Links,
}

/// The number of a node.
pub(super) type NodeId = usize;

#[derive(Debug, Default, Clone, Copy)]
struct Links {
    first_child: Option<NodeId>,
    last_child: Option<NodeId>,
}

#[derive(Debug)]
struct Node<'a> {
    kind: Kind<'a>,
    links: Links,
    next: Option<NodeId>,
    /// With the tags of an element.
    span: Bytes,
    /// Between the tags of an element.
    inner: Bytes,
}

/// What a node is.
#[derive(Debug)]
pub(super) enum Kind<'a> {
    /// Character data, entities and CDATA resolved.
    Text(Cow<'a, str>),
    Element(Element<'a>),
}

#[derive(Debug)]
pub(super) struct Element<'a> {
    pub(super) name: &'a str,
    pub(super) attributes: Vec<(&'a str, Cow<'a, str>)>,
}

impl Element<'_> {
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|attribute| attribute.0 == name).map(|attribute| attribute.1.as_ref())
    }
}

impl<'a> Tree<'a> {
    /// Adds an element as the last child of a parent (`None`: of the fragment). `span` is that of its start tag, until
    /// [`Self::close`] says where it ends.
    pub(super) fn add_element(
        &mut self,
        parent: Option<NodeId>,
        element: Element<'a>,
        span: Bytes,
    ) -> NodeId {
        self.add(parent, Kind::Element(element), span)
    }

    /// Says where an element ends: where its end tag begins, and where that ends.
    pub(super) fn close(&mut self, id: NodeId, tag: Bytes) {
        if let Some(node) = self.nodes.get_mut(id) {
            node.span.end = tag.end;
            node.inner.end = tag.start;
        }
    }

    /// Adds text at the end of a parent, to the text that is there if there is one.
    pub(super) fn add_text(&mut self, parent: Option<NodeId>, text: Cow<'a, str>, span: Bytes) {
        if text.is_empty() {
            return;
        }
        let last = self.links(parent).and_then(|links| links.last_child);
        if let Some(Node { kind: Kind::Text(before), span: place, .. }) =
            last.and_then(|id| self.nodes.get_mut(id))
        {
            before.to_mut().push_str(&text);
            place.end = span.end;
        } else {
            self.add(parent, Kind::Text(text), span);
        }
    }

    fn add(&mut self, parent: Option<NodeId>, kind: Kind<'a>, span: Bytes) -> NodeId {
        let id = self.nodes.len();
        let inner = Bytes { start: span.end, end: span.end };
        self.nodes.push(Node { kind, links: Links::default(), next: None, span, inner });
        if let Some(links) = self.links(parent) {
            match links.last_child.replace(id) {
                Some(previous) => {
                    if let Some(previous) = self.nodes.get_mut(previous) {
                        previous.next = Some(id);
                    }
                }
                None => links.first_child = Some(id),
            }
        }
        id
    }

    /// The bytes of a node, tags and all.
    pub(super) fn span(&self, id: NodeId) -> Bytes {
        self.nodes.get(id).map_or(Bytes { start: 0, end: 0 }, |node| node.span)
    }

    /// The bytes between the tags of an element.
    pub(super) fn inner(&self, id: NodeId) -> Bytes {
        self.nodes.get(id).map_or(Bytes { start: 0, end: 0 }, |node| node.inner)
    }

    fn links(&mut self, parent: Option<NodeId>) -> Option<&mut Links> {
        match parent {
            Some(id) => self.nodes.get_mut(id).map(|node| &mut node.links),
            None => Some(&mut self.root),
        }
    }

    pub(super) fn kind(&self, id: NodeId) -> Option<&Kind<'a>> {
        self.nodes.get(id).map(|node| &node.kind)
    }

    /// The children of a node (`None`: of the fragment), in order.
    pub(super) fn children(&self, parent: Option<NodeId>) -> impl Iterator<Item = NodeId> + '_ {
        let links = parent.map_or(Some(self.root), |id| self.nodes.get(id).map(|node| node.links));
        std::iter::successors(links.and_then(|links| links.first_child), |&id| self.nodes.get(id)?.next)
    }

    /// The child elements of a node, with their ids.
    pub(super) fn elements(&self, parent: NodeId) -> impl Iterator<Item = (NodeId, &Element<'a>)> + '_ {
        self.children(Some(parent)).filter_map(|id| match self.kind(id)? {
            Kind::Element(element) => Some((id, element)),
            Kind::Text(_) => None,
        })
    }

    /// The first child element of a name.
    pub(super) fn child(&self, parent: NodeId, name: &str) -> Option<(NodeId, &Element<'a>)> {
        self.elements(parent).find(|(_, element)| element.name == name)
    }

    /// All text under a node, in order; a `<br/>` is a line end.
    pub(super) fn text_of(&self, id: NodeId) -> String {
        let mut text = String::new();
        // Siblings still to visit, innermost last.
        let mut pending = vec![self.children(Some(id)).next()];
        while let Some(next) = pending.pop() {
            let Some(id) = next else { continue };
            pending.push(self.nodes.get(id).and_then(|node| node.next));
            match self.kind(id) {
                Some(Kind::Text(words)) => text.push_str(words),
                Some(Kind::Element(element)) => {
                    if element.name == "br" {
                        text.push('\n');
                    }
                    pending.push(self.children(Some(id)).next());
                }
                None => {}
            }
        }
        text
    }

    /// The start tags of all elements with attributes.
    pub(super) fn tags(&self) -> Vec<String> {
        let elements = self.nodes.iter().filter_map(|node| match &node.kind {
            Kind::Element(element) if !element.attributes.is_empty() => Some(element),
            _ => None,
        });
        elements
            .map(|element| {
                let attributes =
                    element.attributes.iter().map(|(name, value)| format!(" {name}=\"{value}\""));
                std::iter::once(element.name.to_owned()).chain(attributes).collect()
            })
            .collect()
    }
}
