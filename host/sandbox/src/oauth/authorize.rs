//! `GET /authorize` and the consent page.
//!
//! A wrong request stays here, as a page with one sentence: Atlassian redirects only to a callback URL that it
//! has matched, and reports errors of the request to the person. Source: Atlassian, *OAuth 2.0 (3LO) apps*.

use url::Url;

use crate::html::{document, escape};
use crate::http::{Call, Reply};
use crate::state::State;

use super::{Asked, Authorizations, CODE_LIFETIME, Code, Ticket, scopes};

/// The parameters that must be there, once each.
const REQUIRED: [&str; 7] =
    ["audience", "client_id", "scope", "redirect_uri", "state", "response_type", "prompt"];

/// The consent page, or the page that says what is wrong with the request.
pub(crate) fn page(state: &mut State, call: &Call) -> Reply {
    match check(state, call) {
        Err(sentence) => {
            state.counters.consents.refused += 1;
            error_page(&sentence)
        }
        Ok((asked, echo)) => {
            let expires = state.clock.now().plus(CODE_LIFETIME);
            let ticket = state.authorizations.credentials.secret("", 48);
            let page = consent_page(state, &asked, &ticket);
            state.authorizations.tickets.insert(ticket, Ticket { asked, state: echo, expires });
            Reply::html(200, page)
        }
    }
}

/// The answer of the person, by a ticket that is good once.
pub(crate) fn decide(state: &mut State, call: &Call) -> Reply {
    let form = call.form();
    let field = |name: &str| form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let now = state.clock.now();
    let ticket = field("ticket").and_then(|ticket| state.authorizations.tickets.remove(ticket));
    let Some(ticket) = ticket.filter(|ticket| now < ticket.expires) else {
        return error_page("This consent was answered already, or its page was open for too long.");
    };
    let Ok(mut callback) = Url::parse(&ticket.asked.redirect_uri) else {
        return error_page("The callback URL of the app is not a URL.");
    };
    match field("decision") {
        Some("allow") => {
            state.counters.consents.allowed += 1;
            let Authorizations { grants, codes, credentials, .. } = &mut state.authorizations;
            let asked = ticket.asked;
            let grant = grants.consent(&asked.client_id, asked.account, asked.scopes.clone());
            let code = credentials.token();
            callback.query_pairs_mut().append_pair("code", &code);
            codes.insert(code, Code { asked, grant, expires: now.plus(CODE_LIFETIME) });
        }
        Some("deny") => {
            state.counters.consents.denied += 1;
            callback
                .query_pairs_mut()
                .append_pair("error", "access_denied")
                .append_pair("error_description", "User did not authorize the request");
        }
        _ => return error_page("The answer is neither allow nor deny."),
    }
    callback.query_pairs_mut().append_pair("state", &ticket.state);
    // Form encoding writes a space as `+`, Atlassian writes `%20`; a literal plus is `%2B` in both.
    let query = callback.query().unwrap_or_default().replace('+', "%20");
    callback.set_query(Some(&query));
    Reply::found(callback.as_str())
}

fn check(state: &State, call: &Call) -> Result<(Asked, String), String> {
    for name in REQUIRED {
        match call.query.iter().filter(|(key, _)| key == name).map(|(_, value)| value).collect::<Vec<_>>()[..]
        {
            [] => return Err(format!("The parameter {name} is missing.")),
            [value] if value.is_empty() => return Err(format!("The parameter {name} is empty.")),
            [_] => {}
            _ => return Err(format!("The parameter {name} was sent more than once.")),
        }
    }
    let value = |name: &str| call.query(name).unwrap_or_default().to_owned();
    for (name, only) in [("audience", "api.atlassian.com"), ("response_type", "code"), ("prompt", "consent")]
    {
        if value(name) != only {
            return Err(format!("The parameter {name} must be {only}."));
        }
    }
    let client_id = value("client_id");
    let client = state.authorizations.client(&client_id).ok_or("There is no app with this client_id.")?;
    let redirect_uri = value("redirect_uri");
    if redirect_uri != client.registration.redirect_uri {
        return Err("The redirect_uri is not the callback URL of the app.".to_owned());
    }
    let mut asked: Vec<String> = Vec::new();
    for scope in value("scope").split(' ').filter(|scope| !scope.is_empty()) {
        if scope != scopes::OFFLINE_ACCESS && !client.scopes.contains(scope) {
            return Err(format!("The scope {scope} is not enabled for this app."));
        }
        if !asked.iter().any(|known| known == scope) {
            asked.push(scope.to_owned());
        }
    }
    if asked.is_empty() {
        return Err("The parameter scope is empty.".to_owned());
    }
    // PKCE is not documented by Atlassian: checked when it is sent, never asked for.
    let challenge = match value("code_challenge_method").as_str() {
        "S256" => Some(value("code_challenge")).filter(|challenge| !challenge.is_empty()),
        _ => None,
    };
    let account = state.settings.account;
    Ok((Asked { account, client_id, redirect_uri, scopes: asked, challenge }, value("state")))
}

fn consent_page(state: &State, asked: &Asked, ticket: &str) -> String {
    let app = state.authorizations.client(&asked.client_id).map_or("An app", |client| client.name.as_str());
    let app = escape(app);
    let wishes: String = asked
        .scopes
        .iter()
        .map(|scope| {
            let words = scopes::in_words(scope).unwrap_or("A scope that the sandbox has no words for");
            format!("<li>{}<br/><code>{}</code></li>\n", escape(words), escape(scope))
        })
        .collect();
    let sites: String = state
        .sites
        .iter()
        .map(|site| {
            format!("<li>{} <span class=\"meta\">{}</span></li>\n", escape(&site.name), escape(&site.url))
        })
        .collect();
    let reach = if state.sites.len() > 1 {
        "<p>Access is given for your account: it covers all of these sites.</p>"
    } else {
        ""
    };
    let host = Url::parse(&asked.redirect_uri)
        .ok()
        .and_then(|url| url.host_str().map(str::to_owned))
        .unwrap_or_default();
    let body = format!(
        "<p class=\"meta\">Atlassian sandbox</p>\n\
         <h1>{app} asks for access to your Atlassian account</h1>\n\
         <p>You are signed in as {person}. <span class=\"meta\">{email}</span></p>\n\
         <div class=\"card\">\n<h2>It would be able to</h2>\n<ul>\n{wishes}</ul>\n\
         <h2>On</h2>\n<ul>\n{sites}</ul>\n{reach}\n\
         <form method=\"post\" action=\"/authorize/decision\">\n\
         <input type=\"hidden\" name=\"ticket\" value=\"{ticket}\"/>\n\
         <div class=\"actions\">\n\
         <button class=\"primary\" type=\"submit\" name=\"decision\" value=\"allow\">Allow access</button>\n\
         <button type=\"submit\" name=\"decision\" value=\"deny\">Deny</button>\n</div>\n</form>\n</div>\n\
         <p class=\"note\">Either way you go back to {host}.</p>",
        person = escape(asked.account.name),
        email = escape(asked.account.email),
        ticket = escape(ticket),
        host = escape(&host),
    );
    document(&format!("{app} asks for access"), &body)
}

fn error_page(sentence: &str) -> Reply {
    let body = format!(
        "<p class=\"meta\">Atlassian sandbox</p>\n<h1>This request cannot be granted</h1>\n\
         <p role=\"alert\">{}</p>\n<p>You were not sent back to the app. Close this page and start again there.</p>",
        escape(sentence)
    );
    Reply::html(400, document("Request refused", &body))
}
