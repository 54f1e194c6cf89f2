//! Which of several sites a person means. None is ever taken unasked.

use super::connection::OfferedSite;
use super::probe::not_reachable;
use crate::failure::{Failure, FailureKind, Result};
use crate::runtime::Site;

/// The site that the person said, by id, URL, host or name.
///
/// # Errors
/// `InvalidInput`, listing them, where none was said, or what was said fits none or several; `NotFound` where the grant
/// does not really reach it.
pub(super) fn chosen(offered: &[OfferedSite], said: Option<&str>) -> Result<Site> {
    let Some(said) = said else {
        return Err(several(
            "site-required",
            format!("The account reaches {} sites, and one must be named: {}.", offered.len(), list(offered)),
        ));
    };
    let mut found = offered.iter().filter(|offered| fits(&offered.site, said));
    match (found.next(), found.next()) {
        (Some(one), None) if one.reachable == Some(false) => Err(not_reachable(Some(&one.site))),
        (Some(one), None) => Ok(one.site.clone()),
        (Some(_), Some(_)) => {
            Err(several("site-ambiguous", format!("\"{said}\" fits several sites: {}.", list(offered))))
        }
        (None, _) => Err(unknown(said, &list(offered))),
    }
}

/// Makes sure that the only site there is is the one that was said.
///
/// # Errors
/// `InvalidInput`.
pub(super) fn the_one_said(only: &[Site], said: &str) -> Result<()> {
    if only.iter().any(|site| fits(site, said)) {
        return Ok(());
    }
    let names: Vec<String> = only.iter().map(name).collect();
    Err(unknown(said, &names.join(", ")))
}

fn fits(site: &Site, said: &str) -> bool {
    let wanted = said.trim().trim_end_matches('/');
    let host = url::Url::parse(&site.url).ok().and_then(|url| url.host_str().map(str::to_owned));
    site.id == wanted
        || site.name.eq_ignore_ascii_case(wanted)
        || site.url.eq_ignore_ascii_case(wanted)
        || host.is_some_and(|host| host.eq_ignore_ascii_case(wanted))
}

fn name(site: &Site) -> String {
    format!("{} ({})", site.name, site.url)
}

fn list(offered: &[OfferedSite]) -> String {
    let one = |offered: &OfferedSite| {
        let mark = if offered.reachable == Some(false) { ", not reachable for this account" } else { "" };
        format!("{}{mark}", name(&offered.site))
    };
    offered.iter().map(one).collect::<Vec<_>>().join("; ")
}

fn unknown(said: &str, list: &str) -> Failure {
    several("site-unknown", format!("The account does not reach \"{said}\". It reaches: {list}."))
}

fn several(code: &'static str, message: String) -> Failure {
    Failure::new(FailureKind::InvalidInput, code, message)
        .hint("Authorize again and name the site, with --site. The consent is kept for half an hour.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered(id: &str, name: &str, reachable: Option<bool>) -> OfferedSite {
        let url = format!("https://{name}.example");
        OfferedSite { site: Site { id: id.into(), name: name.into(), url }, reachable }
    }

    /// AUTH-16
    #[test]
    fn of_several_sites_none_is_taken_unasked() {
        let sites = [offered("1", "docs", Some(true)), offered("2", "team", None)];
        let failure = chosen(&sites, None).unwrap_err();
        assert_eq!(failure.code, "site-required");
        assert!(
            failure.message.contains("https://docs.example")
                && failure.message.contains("https://team.example")
        );
        for said in ["2", "TEAM", "https://team.example/", "Team.Example"] {
            assert_eq!(chosen(&sites, Some(said)).unwrap().id, "2", "{said}");
        }
        assert_eq!(chosen(&sites, Some("other")).unwrap_err().code, "site-unknown");
    }

    #[test]
    fn a_site_that_is_listed_and_not_reached_is_marked_and_not_taken() {
        let sites = [offered("1", "docs", Some(true)), offered("2", "team", Some(false))];
        assert!(chosen(&sites, None).unwrap_err().message.contains("team.example), not reachable"));
        assert_eq!(chosen(&sites, Some("team")).unwrap_err().code, "site-not-reachable");
    }

    #[test]
    fn the_only_site_is_not_taken_for_another_one_that_was_said() {
        let only = [offered("1", "docs", None).site];
        assert!(the_one_said(&only, "docs").is_ok());
        assert_eq!(the_one_said(&only, "team").unwrap_err().code, "site-unknown");
    }
}
