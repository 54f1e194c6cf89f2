//! The shell of every page that the sandbox shows to people.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

const STYLE: &str = "\
:root{color-scheme:light dark;--line:#8884;--accent:#0c5bd0;--muted:#5e5e5e;--soft:#8881}\
@media(prefers-color-scheme:dark){:root{--accent:#8ab8ff;--muted:#b0b0b0}}\
body{font:16px/1.55 system-ui,sans-serif;max-width:46rem;margin:2.5rem auto;padding:0 1.25rem}\
h1{line-height:1.25;font-size:1.7rem}a{color:var(--accent)}\
.note,.meta{color:var(--muted);font-size:.9rem}\
.lozenge{border:1px solid var(--line);border-radius:.3rem;padding:0 .4rem;font-size:.8rem;text-transform:uppercase}\
.card{border:1px solid var(--line);border-radius:.6rem;padding:1.25rem 1.5rem;margin:1.5rem 0}\
button{font:inherit;padding:.55rem 1.3rem;border-radius:.4rem;border:1px solid var(--line);cursor:pointer}\
button.primary{background:#0c5bd0;border-color:#0c5bd0;color:#fff}\
button:focus-visible,a:focus-visible{outline:3px solid var(--accent);outline-offset:2px}\
.actions{display:flex;gap:.75rem;margin-top:1.5rem}\
table{border-collapse:collapse;margin:1rem 0}th,td{border:1px solid var(--line);padding:.35rem .7rem;text-align:left}\
pre{background:var(--soft);padding:.9rem 1.1rem;border-radius:.4rem;overflow-x:auto}\
figure.code{margin:1rem 0}figcaption{font-size:.8rem;color:var(--muted)}\
aside.panel{border-left:4px solid var(--accent);background:var(--soft);padding:.4rem 1rem;margin:1rem 0}\
ul.tasks{list-style:none;padding-left:.2rem}ul.tasks>li{display:flex;gap:.5rem}\
blockquote{border-left:3px solid var(--line);margin-left:0;padding-left:1rem}\
code{font-family:ui-monospace,monospace;font-size:.92em}";

/// A whole document around a body. It is well-formed XML, so that the automatic consent can read it with an
/// XML reader.
pub(crate) fn document(title: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
         <title>{}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n",
        escape(title)
    )
}

/// Text made safe for element content and for quoted attribute values.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // Not characters of XML 1.0: a title may hold them, this page must not.
            '\0'..='\x08' | '\x0b' | '\x0c' | '\x0e'..='\x1f' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Text as one segment of a path or one value of a query.
pub(crate) fn percent(text: &str) -> String {
    utf8_percent_encode(text, SEGMENT).to_string()
}
