//! Pages of a megabyte, which the benchmarks of the plugin and those of its component convert.

/// The length of a page.
const MEGABYTE: usize = 1_000_000;

/// Words and nothing else.
pub(crate) const PROSE: &str = "The quick brown fox jumps over the lazy dog, and then it sleeps in the sun until the \
                     evening comes. Nobody knows why it does so every day of the year.\n\n";

/// Every construct of Markdown.
pub(crate) const DENSE: &str = "## Heading with `code` and *words*\n\n\
    Some **bold**, _italic_, ~~struck~~ and `inline` text with a [link](https://example.org/?a=b&c=d \"t\"),\n\
    a bare https://example.org/path, H<sub>2</sub>O, a page [Other](confluence:page/Other?space=DOC)\\\n\
    and snake_case & 2 < 3.[^1]\n\n\
    - one\n- two **bold**\n  1. nested\n  2. list\n- three\n\n\
    - [ ] open task\n- [x] done task\n\n\
    > A quote of several\n> lines\n\n\
    > [!NOTE]\n> A panel with `code`.\n\n\
    | Name | Size | Note |\n| :-- | --: | --- |\n| fox | 1 | **quick** |\n| dog | 2 | a\\|b |\n\n\
    ```rust\nfn main() {\n    println!(\"{}\", 1 < 2 && true);\n}\n```\n\n\
    ![picture](images/fox.png)\n\n---\n\n[^1]: A footnote.\n\n";

/// A page of a megabyte that says this over and over.
pub(crate) fn megabyte(piece: &str) -> String {
    piece.repeat(MEGABYTE / piece.len() + 1)
}
