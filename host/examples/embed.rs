//! Embeds the host in a platform: a component, a store, a callback, one run, one conversation.
//!
//! ```text
//! embed COMPONENT CLIENT_ID STAND_IN      the client secret in CLIENT_SECRET
//! ```
//!
//! It prints the consent URL, reads the query of the callback from standard input, as a platform's web server
//! would take it, and prints what the template put out.

use std::error::Error;

use actionbay::authorization::{Authorize, FixedCallback, Profile};
use actionbay::dialog::{Start, Words};
use actionbay::egress::{OperatorPolicy, Origin, UreqTransport};
use actionbay::ids::{ProfileId, WorkspaceId};
use actionbay::vault::{MasterKey, MemoryStore};
use actionbay::{Engine, Host, Run, SystemClock};

fn main() -> Result<(), Box<dyn Error>> {
    let [component, client_id, stand_in] =
        <[String; 3]>::try_from(std::env::args().skip(1).collect::<Vec<_>>())
            .map_err(|_| "three arguments")?;
    let plugin = Engine::new()?.load(&std::fs::read(component)?)?;
    let (integration, workspace) = (plugin.manifest().id.clone(), WorkspaceId::new("acme")?);

    // Only the operator may put another address in the place of the vendor's.
    let stand_in = Origin::parse(&stand_in)?;
    let audiences = plugin.manifest().audiences.iter().map(|facts| facts.audience.name.as_str());
    let policy =
        audiences.fold(OperatorPolicy::default(), |p, name| p.replace("app", name, stand_in.clone()));
    let profile =
        Profile::custom(ProfileId::new("app")?, plugin.manifest(), client_id)?.moved_to(&stand_in)?;

    let host = Host::builder()
        .transport(UreqTransport::new())
        .store(MemoryStore::new(), MasterKey::random()?)
        .clock(SystemClock)
        .callbacks(FixedCallback("http://localhost:8976/callback".to_owned()))
        .policy(policy)
        .build()?;
    host.add(plugin)?;
    host.put_profile(&workspace, &profile, &std::env::var("CLIENT_SECRET")?.into())?;

    let user = Some("ada".to_owned());
    let wish = Authorize::new(workspace, integration, profile.id).user(user.clone());
    println!("{}", host.begin(&wish)?.authorization_url);
    let mut query = String::new();
    std::io::stdin().read_line(&mut query)?;
    let connection = host.handle_callback(query.trim(), None)?;

    let input = serde_json::json!({"space": "DOCS", "limit": 3});
    let run = Run::new(wish.workspace.clone(), wish.integration.clone(), "list-pages", input);
    println!("{}", host.run(&run.user(user.clone()).connection(Some(connection.id)))?.output);

    // The same by talking: the template's dialog, and a conversation with the user.
    let dialog = host.install(&wish.workspace, &wish.integration, "list-pages")?.dialog;
    let words = Words::new("Which pages are in the space DOCS?");
    let turn =
        host.start_conversation(&Start::new(wish.workspace, dialog.name).user(user).words(Some(words)))?;
    turn.replies.iter().for_each(|reply| println!("{}", reply.text));
    Ok(())
}
