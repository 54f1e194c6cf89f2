//! The console, as an admin's browser sees it: cookies, pages, forms and redirects, over real HTTP.

mod authorizing;
pub(crate) mod desk;
mod files;
mod hostile;
mod life_cycle;
mod logging_in;
mod markup;
mod mending;
mod noting;
mod profiles;
mod routes;
mod strangers;
mod talking;
mod titles;
