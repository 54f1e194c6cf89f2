//! What the check accepts and refuses, and what it says.

use actionbay_confluence::content::{check_storage, view};

#[test]
fn what_confluence_stores_is_accepted() {
    for storage in [
        "",
        "text &amp; &lt; &#10; &#x1F600; &nbsp;&Alpha;",
        "<p a='\"' b=\"'&gt;>\">a ]] > b</p >",
        "<ac:link><ri:page ri:content-title=\"T\" /></ac:link>",
        "<!-- a - b --><![CDATA[ < & ]] > ]]><?pi data?>",
        "<x:y xmlns:x=\"u\"><x:z/></x:y>",
        "<über ähm=\"1\"/>",
        "<at:var at:name=\"a\"/>",
    ] {
        assert_eq!(check_storage(storage), Ok(()), "{storage}");
    }
}

/// BODY-1
#[test]
fn mistakes_are_told_with_row_and_column() {
    for (storage, row, column, words) in [
        ("a & b", 1, 3, "`&amp;`"),
        ("a &amp b;", 1, 3, "`&amp;`"),
        ("a &bogus;", 1, 3, "`&bogus;` is not known"),
        ("a &#1;", 1, 3, "no character"),
        ("a &#xD800;", 1, 3, "no character"),
        ("a < b", 1, 3, "`&lt;`"),
        ("<p>\n  List<T></p>", 2, 10, "</p> stands where </T> is expected"),
        ("<p>", 1, 1, "<p> is never closed"),
        ("a\n</p>", 2, 1, "</p> closes nothing"),
        ("<p><b></p></b>", 1, 7, "</p> stands where </b> is expected"),
        ("<br>", 1, 1, "<br> is never closed"),
        ("<input disabled/>", 1, 8, "`disabled` of <input> has no value"),
        ("<a b=c/>", 1, 6, "must stand in quotes"),
        ("<a b=\"c\"d=\"e\"/>", 1, 9, "unexpected"),
        ("<a b=\"c\" b=\"d\"/>", 1, 1, "`b` twice"),
        ("<a b=\"<\"/>", 1, 7, "`&lt;`"),
        ("<a b=\"x", 1, 4, "no closing quote"),
        ("<a b=\"x\"", 1, 1, "never closed with `>`"),
        ("<!-- a -- b -->", 1, 8, "`--`"),
        ("<!-- a", 1, 1, "never closed"),
        ("<![CDATA[ a", 1, 1, "never closed"),
        ("a ]]> b", 1, 3, "`]]&gt;`"),
        ("<!DOCTYPE a>", 1, 1, "`<!`"),
        ("<?xml version=\"1.0\"?>", 1, 1, "XML declaration"),
        ("ä\u{1}", 1, 2, "U+0001"),
        ("<p>\u{ffff}</p>", 1, 4, "U+FFFF"),
        ("<svg:a/>", 1, 1, "prefix of `svg:a`"),
        ("<x:y xmlns:x=\"u\"/><x:y/>", 1, 19, "prefix of `x:y`"),
        ("<1a/>", 1, 1, "`&lt;`"),
    ] {
        let error = check_storage(storage).unwrap_err();
        assert!(error.message.contains(words), "{storage}: {error}");
        assert_eq!((error.row, error.column), (row, column), "{storage}: {error}");
    }
}

#[test]
fn the_error_reads_as_one_sentence() {
    assert_eq!(
        check_storage("<p>a & b</p>").unwrap_err().to_string(),
        "not well-formed storage format at row 1, column 6: `&` must be written `&amp;`"
    );
}

#[test]
fn reading_forgives_what_is_well_formed_but_unknown() {
    for storage in ["&bogus;", "<svg:a/>"] {
        assert!(check_storage(storage).is_err());
        assert!(view(storage).is_ok());
    }
    assert!(view("<p>&</p>").is_err());
}
