//! Puts what stands between the marker of an element and the marker of its end into that element.

use std::collections::BTreeSet;

use super::super::document::{Block, Blocks, Inline, Marker, MarkerKind, Placed};

/// Nests the blocks of one container, at most `most` levels deep, and tells how many levels there are. Markers without
/// a partner stay where they are.
pub(super) fn nest(blocks: Blocks, most: usize) -> (Blocks, usize) {
    if !blocks.iter().any(|placed| is_end(placed).is_some()) {
        return (blocks, 0);
    }
    let mut ends = BTreeSet::new();
    for end in blocks.iter().filter_map(is_end) {
        ends.insert(end.id.0.clone());
    }
    let mut deepest = 0;
    let mut open: Vec<(Marker, Blocks)> = Vec::new();
    let mut done = Blocks::new();
    for placed in blocks {
        let level =
            is_end(&placed).and_then(|end| open.iter().rposition(|(begin, _)| begin.id.0 == end.id.0));
        match level {
            Some(level) => {
                // What was begun in between has no end: it is no more than its marker.
                while open.len() > level + 1 {
                    let Some((marker, body)) = open.pop() else { break };
                    let outer = open.last_mut().map_or(&mut done, |(_, outer)| outer);
                    outer.push(alone(marker));
                    outer.extend(body);
                }
                if let Some((marker, body)) = open.pop() {
                    let outer = open.last_mut().map_or(&mut done, |(_, outer)| outer);
                    outer.push(Block::Around(Box::new(marker), body).into());
                }
            }
            None => match begins(placed) {
                Ok(marker) if open.len() < most && ends.contains(&marker.id.0) => {
                    open.push((marker, Blocks::new()));
                    deepest = deepest.max(open.len());
                }
                Ok(marker) => open.last_mut().map_or(&mut done, |(_, outer)| outer).push(alone(marker)),
                Err(placed) => open.last_mut().map_or(&mut done, |(_, outer)| outer).push(placed),
            },
        }
    }
    while let Some((marker, body)) = open.pop() {
        let outer = open.last_mut().map_or(&mut done, |(_, outer)| outer);
        outer.push(alone(marker));
        outer.extend(body);
    }
    (done, deepest)
}

fn alone(marker: Marker) -> Placed {
    Block::Paragraph(vec![Inline::Marker(Box::new(marker))]).into()
}

/// The marker that is all of a paragraph.
fn lone(placed: &Placed) -> Option<&Marker> {
    match &placed.block {
        Block::Paragraph(line) => match line.as_slice() {
            [Inline::Marker(marker)] => Some(marker),
            _ => None,
        },
        _ => None,
    }
}

fn is_end(placed: &Placed) -> Option<&Marker> {
    lone(placed).filter(|marker| marker.kind == MarkerKind::End)
}

/// The marker of a paragraph that may begin something.
fn begins(placed: Placed) -> Result<Marker, Placed> {
    match lone(&placed) {
        Some(marker) if matches!(marker.kind, MarkerKind::Macro | MarkerKind::Element) => Ok(marker.clone()),
        _ => Err(placed),
    }
}
