//! The elements that Markdown has no construct for, by the ids of their markers.
//!
//! An id is made of the element's own bytes, so that it is the same whenever the same version is read, and nothing has
//! to be kept between a view and an edit. Elements with the same bytes are counted.

use std::collections::HashMap;

use super::super::document::{Bytes, MarkerId};

/// The elements of a page that have markers.
#[derive(Debug, Default)]
pub(crate) struct Elements {
    /// In the order of their first bytes, with their ids.
    known: Vec<(String, Known)>,
    /// Where they are there.
    places: HashMap<String, usize>,
    /// For every stem of an id: the hash of the bytes it stands for, and how many there are.
    stems: HashMap<u32, (u64, usize)>,
}

/// An element that has a marker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Known {
    /// What its marker says.
    pub(crate) label: String,
    /// All of it, or what stands before its content.
    pub(crate) open: Bytes,
    /// What stands behind its content, if the content is shown.
    pub(crate) close: Option<Bytes>,
}

impl Elements {
    /// Gives an element its id.
    pub(super) fn add(&mut self, source: &str, known: Known) -> MarkerId {
        let hash = fnv(source.get(known.open.range()).unwrap_or_default().as_bytes());
        // Two different elements never share a stem.
        let mut stem = (hash ^ (hash >> 24) ^ (hash >> 48)) as u32 & 0xFF_FFFF;
        while self.stems.get(&stem).is_some_and(|(other, _)| *other != hash) {
            stem = (stem + 1) & 0xFF_FFFF;
        }
        let (_, count) = self.stems.entry(stem).or_insert((hash, 0));
        *count += 1;
        let id = if *count == 1 { format!("{stem:06x}") } else { format!("{stem:06x}-{count}") };
        self.places.insert(id.clone(), self.known.len());
        self.known.push((id.clone(), known));
        MarkerId(id)
    }

    /// The element of an id.
    pub(crate) fn get(&self, id: &MarkerId) -> Option<&Known> {
        self.places.get(&id.0).and_then(|place| self.known.get(*place)).map(|(_, known)| known)
    }

    /// All of them, with their ids, in the order of their first bytes.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&String, &Known)> {
        self.known.iter().map(|(id, known)| (id, known))
    }
}

/// FNV-1a.
fn fnv(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3))
}
