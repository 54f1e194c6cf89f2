//! Any edit of any page: the page, a text of its Markdown and what replaces that text, with U+0000 between them.

#![no_main]

use std::collections::HashMap;

use actionbay_confluence::content::{Change, EditOptions, Refused, Viewed, edit, view};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &str| {
    let mut parts = input.splitn(3, '\0');
    let page = parts.next().unwrap_or_default();
    let (text, replacement) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let Ok(before) = view(page) else { return };

    let unchanged = edit(page, Change::Replace(&before.markdown), EditOptions::default());
    assert_eq!(unchanged.expect("nothing changes").storage, page);

    let markdown = before.markdown.replacen(text, replacement, 1);
    for allow_loss in [false, true] {
        for change in [
            Change::Replace(&markdown),
            Change::Append(replacement),
            Change::Prepend(replacement),
            Change::Section { heading: text, markdown: replacement },
        ] {
            match edit(page, change, EditOptions { allow_loss }) {
                Ok(edited) => {
                    let after = view(&edited.storage).expect("what was edited can be read");
                    assert!(allow_loss || edited.lost.is_empty(), "lost without leave: {:?}", edited.lost);
                    assert!(
                        allow_loss || keeps(&before, &after),
                        "{change:?} of {page:?} gives {:?}",
                        edited.storage
                    );
                }
                Err(Refused::Loss(losses)) => assert!(!allow_loss && !losses.is_empty()),
                Err(_) => {}
            }
        }
    }
});

/// Whether every element that has a marker is there as often as before. Its id is made of its bytes.
fn keeps(before: &Viewed, after: &Viewed) -> bool {
    let count = |viewed: &Viewed| {
        let mut stems: HashMap<String, usize> = HashMap::new();
        for marker in &viewed.markers {
            let stem = marker.id.split('-').next().unwrap_or_default();
            *stems.entry(stem.to_owned()).or_default() += 1;
        }
        stems
    };
    let after = count(after);
    count(before).iter().all(|(stem, times)| after.get(stem).is_some_and(|left| left >= times))
}
