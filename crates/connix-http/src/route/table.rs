//! The table itself, and how actix is configured from it.

use super::{Method, Route};
use crate::gate;
use crate::problem::{Problem, Situation};
use crate::{console, oauth2, organisation_api, v1};
use actix_web::http;
use actix_web::middleware::from_fn;
use actix_web::{HttpResponse, guard, web};
use std::collections::BTreeMap;

/// Every route of the API listener.
pub fn table() -> impl Iterator<Item = &'static Route> {
    [
        v1::utility::ROUTES,
        v1::project::ROUTES,
        organisation_api::project::ROUTES,
        v1::agent::ROUTES,
        v1::agent::LAUNCH_ROUTES,
        v1::agent::ACTION_ROUTES,
        v1::task::ROUTES,
        v1::log::ROUTES,
        v1::equipment::ROUTES,
        v1::metrics::ROUTES,
        v1::usage::ROUTES,
        v1::audit::ROUTES,
        v1::organisation::ROUTES,
        v1::member::ROUTES,
        v1::team::ROUTES,
        v1::api_key::ROUTES,
        v1::oauth_client::ROUTES,
        v1::worker::ROUTES,
    ]
    .into_iter()
    .chain(oauth2::ROUTES.iter().copied())
    .chain(console::ROUTES.iter().copied())
    .flatten()
}

/// Makes actix know the table: each route behind its gate, other methods 405, other paths 404.
pub(crate) fn configure(config: &mut web::ServiceConfig) {
    let mut by_path: BTreeMap<&str, Vec<&'static Route>> = BTreeMap::new();
    for route in table() {
        by_path.entry(route.path).or_default().push(route);
    }
    for (path, routes) in by_path {
        let allow = allowed(&routes);
        let refuse = move || {
            let problem = Problem::method_not_allowed(allow.clone());
            async { Err::<HttpResponse, _>(problem) }
        };
        let resource = routes.into_iter().fold(web::resource(path), |resource, route| resource.route(service(route)));
        config.service(resource.default_service(web::to(refuse)));
    }
    config.default_service(web::to(|| async { Err::<HttpResponse, _>(Problem::from(Situation::NotFound)) }));
}

/// A route as actix wants it: the method, then the gate, then the handler.
fn service(route: &'static Route) -> actix_web::Route {
    (route.handler)()
        .guard(guard::fn_guard(move |context| answers_to(route.method, &context.head().method)))
        .wrap(from_fn(move |request, next| gate::admit(route, request, next)))
}

fn answers_to(method: Method, asked: &http::Method) -> bool {
    let reads = method == Method::Get && asked == http::Method::HEAD;
    reads || asked.as_str() == method.as_str()
}

/// The methods of one path, for `Allow`.
fn allowed(routes: &[&Route]) -> String {
    let mut methods = Vec::new();
    for route in routes {
        methods.push(route.method.as_str());
        if route.method == Method::Get {
            methods.push("HEAD");
        }
    }
    methods.join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::Access;
    use super::*;
    use crate::problem::Vocabulary;
    use std::collections::HashSet;

    #[test]
    fn no_route_and_no_operation_id_stands_twice() {
        let mut routes = HashSet::new();
        let mut names = HashSet::new();
        for route in table() {
            assert!(routes.insert((route.method, route.path)), "{} {}", route.method.as_str(), route.path);
            assert!(names.insert(route.operation_id), "{}", route.operation_id);
        }
    }

    #[test]
    fn every_route_is_documented_and_answers_something() {
        for route in table() {
            assert!(!route.tag.is_empty() && !route.summary.is_empty(), "{}", route.operation_id);
            assert!(!route.answers.is_empty(), "{}", route.operation_id);
            assert!(route.answers.iter().all(|answer| (200..400).contains(&answer.status)), "{}", route.operation_id);
        }
    }

    #[test]
    fn only_what_the_contract_names_is_public() {
        let public: Vec<&Route> = table().filter(|route| route.access == Access::Public).collect();
        let (pages, others): (Vec<&Route>, Vec<&Route>) = public.into_iter().partition(|route| !route.documented);
        let others: Vec<_> = others.iter().map(|route| route.operation_id).collect();
        assert_eq!(
            others,
            [
                "getStatus",
                "getDocs",
                "getDocsAsset",
                "authorize",
                "issueToken",
                "revokeToken",
                "introspectToken",
                "getAuthorizationServer",
                "getSigningKeys",
            ]
        );
        assert!(pages.iter().all(|route| route.path == "/console" || route.path.starts_with("/console/")));
    }

    #[test]
    fn workers_are_admitted_below_their_mount_and_nowhere_else() {
        for route in table() {
            let below = route.path.starts_with("/api/v1/worker/");
            assert_eq!(route.access == Access::Worker, below, "{}", route.path);
        }
    }

    #[test]
    fn every_route_but_public_and_worker_routes_counts_in_a_limit() {
        for route in table() {
            let exempt = matches!(route.access, Access::Public | Access::Worker);
            assert_eq!(route.rate.is_none(), exempt, "{}", route.operation_id);
            assert!(route.rate.is_none_or(|policy| policy.length() == 60), "{}", route.operation_id);
        }
    }

    #[test]
    fn agents_are_spoken_of_in_lower_case_and_the_organisation_api_in_dots() {
        for route in table() {
            let vocabulary = route.vocabulary();
            assert_eq!(vocabulary == Vocabulary::Dotted, route.path.starts_with("/v1/"), "{}", route.path);
            let agents = route.path.contains("{project}/agents") || route.path.starts_with("/api/v1/worker/");
            assert_eq!(vocabulary == Vocabulary::Lower, agents, "{}", route.path);
        }
    }
}
