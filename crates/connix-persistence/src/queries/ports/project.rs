//! Projects that are not deleted.

use super::filter::{by_metadata, by_search, by_times, is_common, sorted};
use super::rows::ProjectRow;
use super::tables::project;
use super::{DB, Store, decoded, dialect, only};
use async_trait::async_trait;
use connix_domain::id::{ProjectId, TeamId};
use connix_domain::page::{Page, ProjectQuery, SortBy};
use connix_domain::port::store::{ProjectReader, ReadError};
use connix_domain::project::{Project, Visibility};
use connix_domain::scope::OrgScope;
use diesel::dsl::{IntoBoxed, sql};
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::Bool;

/// As a literal, so that the database sees that its partial indexes apply.
fn is_there() -> SqlLiteral<Bool> {
    sql("project.phase <> 'deleted'")
}

/// The filters as a value, for the page and for its total.
fn matching(scope: OrgScope, query: &ProjectQuery) -> IntoBoxed<'static, project::table, DB> {
    let own = project::table.filter(project::org_id.eq(scope.org().to_string())).filter(is_there()).into_boxed();
    let filtered = by_metadata!(by_times!(own, project, query.filter), project, query.filter);
    let filtered = by_search!(filtered, project::search_text, query.filter);
    let filtered = match query.phase {
        Some(phase) => filtered.filter(project::phase.eq(phase.as_str())),
        None => filtered,
    };
    let filtered = match &query.within {
        Some(ids) => filtered.filter(project::id.eq_any(ids.iter().map(ProjectId::to_string).collect::<Vec<_>>())),
        None => filtered,
    };
    match &query.seen_by {
        Some(viewer) => {
            let teams = viewer.teams.iter().map(TeamId::to_string).collect::<Vec<_>>();
            let own =
                project::created_by.eq(viewer.user.to_string()).or(project::visibility.eq(Visibility::Shared.as_str()));
            // a project of no team is in none of these: NULL is not true
            filtered.filter(own.or(project::team_id.eq_any(teams).assume_not_null()))
        }
        None => filtered,
    }
}

#[async_trait]
impl ProjectReader for Store {
    async fn project(&self, scope: OrgScope, id: ProjectId) -> Result<Option<Project>, ReadError> {
        let row = || project::table.find((scope.org().to_string(), id.to_string())).filter(is_there());
        only(self.look_up(|| row().select(ProjectRow::as_select())).await?)
    }

    async fn project_by_number(&self, scope: OrgScope, number: i64) -> Result<Option<Project>, ReadError> {
        let own = || project::table.filter(project::org_id.eq(scope.org().to_string())).filter(is_there());
        only(self.look_up(|| own().filter(project::number.eq(number)).select(ProjectRow::as_select())).await?)
    }

    async fn project_by_name(&self, scope: OrgScope, canonical: &str) -> Result<Option<Project>, ReadError> {
        let key = canonical.to_ascii_lowercase();
        let own = || project::table.filter(project::org_id.eq(scope.org().to_string())).filter(is_there());
        let named = || own().filter(project::canonical_key.eq(key.clone())).select(ProjectRow::as_select());
        only(self.look_up(named).await?)
    }

    async fn projects(&self, scope: OrgScope, query: &ProjectQuery) -> Result<Page<Project>, ReadError> {
        let page = || {
            let part = matching(scope, query).limit(query.window.limit).offset(query.window.offset);
            sorted!(part.select(ProjectRow::as_select()), project, query.sort)
        };
        let common = is_common(&query.filter) && query.within.is_none() && query.seen_by.is_none();
        let (rows, total) = self.page(common, page, || matching(scope, query).count()).await?;
        Ok(Page { items: decoded(rows)?, total })
    }
}
