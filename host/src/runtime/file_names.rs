//! Names of files: what one may be on every system, and how a stranger's becomes one.

/// The longest name in bytes: what file systems take, with room for a number.
const LONGEST_NAME: usize = 240;

/// The names that Windows takes for devices, whatever stands behind a dot.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];

/// Whether a name is that of a file and of nothing else, on every system: no folder, no drive, no stream of one, no
/// device, nothing that a terminal or a file system reads otherwise than it looks.
pub fn is_plain_name(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_lowercase();
    let is_numbered =
        |stem: &str| stem.chars().count() == 4 && (stem.starts_with("com") || stem.starts_with("lpt"));
    !name.is_empty()
        && name.len() <= 255
        && !name.contains(['/', '\\', ':'])
        && !name.contains(is_unseen)
        && !name.chars().all(|c| c == '.')
        && !name.ends_with(['.', ' '])
        && !name.starts_with(' ')
        && !DEVICES.contains(&stem.as_str())
        && !(is_numbered(&stem) && stem.ends_with(|c: char| c.is_ascii_digit() || "¹²³".contains(c)))
}

/// A plain name, as like as can be to one that a stranger chose.
pub(crate) fn plain_name(wish: &str) -> String {
    let kept: String = wish
        .chars()
        .filter(|c| !is_unseen(*c))
        .map(|c| if "/\\:*?\"<>|".contains(c) { '_' } else { c })
        .collect();
    let mut name = shortened(kept.trim_matches([' ', '.'])).trim_end_matches([' ', '.']).to_owned();
    if !is_plain_name(&name) {
        name.insert(0, '_');
    }
    if is_plain_name(&name) && name != "_" { name } else { "file".to_owned() }
}

/// Characters that cannot be seen and change what is: controls, and marks of direction (Unicode Standard Annex 9),
/// joining excepted, which emoji are made of.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

/// The name within what file systems take, with its ending where that is short.
fn shortened(name: &str) -> String {
    if name.len() <= LONGEST_NAME {
        return name.to_owned();
    }
    let (stem, ending) = match name.rsplit_once('.') {
        Some((stem, ending)) if ending.len() <= 16 => (stem, format!(".{ending}")),
        _ => (name, String::new()),
    };
    let room = LONGEST_NAME - ending.len();
    let end = (0..=room).rev().find(|at| stem.is_char_boundary(*at)).unwrap_or_default();
    format!("{}{ending}", stem.get(..end).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_strangers_name_becomes_a_plain_one_that_still_looks_like_it() {
        for (wish, name) in [
            ("plan.pdf", "plan.pdf"),
            ("../../x", "_.._x"),
            ("/etc/passwd", "_etc_passwd"),
            ("..\\..\\x.exe", "_.._x.exe"),
            ("C:\\x", "C__x"),
            ("a\0b\nc", "abc"),
            ("report\u{202e}fdp.exe", "reportfdp.exe"),
            ("..", "file"),
            ("", "file"),
            ("  . ", "file"),
            ("CON", "_CON"),
            ("nul.txt", "_nul.txt"),
            ("lpt1.tar.gz", "_lpt1.tar.gz"),
            (".bashrc", "bashrc"),
            ("x. .", "x"),
            ("Übersicht 😀 شعار.png", "Übersicht 😀 شعار.png"),
            ("👩‍💻.txt", "👩‍💻.txt"),
        ] {
            assert_eq!(plain_name(wish), name, "{wish:?}");
        }
        let long = plain_name(&format!("{}.pdf", "ü".repeat(300)));
        assert!(long.len() <= LONGEST_NAME && long.ends_with("ü.pdf"), "{long}");
    }

    #[test]
    fn a_plain_name_is_that_of_a_file_and_of_nothing_else() {
        for name in [
            "",
            ".",
            "..",
            "...",
            "a/b",
            "/a",
            "a\\b",
            "..\\a",
            "C:a",
            "a:stream",
            "a\0",
            "a\nb",
            "\u{202e}a",
            "nul",
            "COM1",
            "com¹.txt",
            "aux.txt",
            "a.",
            "a ",
            " a",
        ] {
            assert!(!is_plain_name(name), "{name:?}");
        }
        for name in ["a", "a.b", ".hidden", "common.txt", "com10", "Übersicht 😀.png", "~a", "-rf"] {
            assert!(is_plain_name(name), "{name:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_wished_for_becomes_a_plain_name(wish in "\\PC{0,300}", other in ".{0,40}") {
            for wish in [wish, other] {
                let name = plain_name(&wish);
                prop_assert!(is_plain_name(&name), "{:?}", name);
                prop_assert_eq!(plain_name(&name), name);
            }
        }
    }
}
