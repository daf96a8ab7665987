//! The tables as diesel sees them; `migrations/` says what each column means and which rules it keeps.

macro_rules! table {
    ($name:ident ($($key:ident),+) { $($columns:tt)* }) => {
        diesel::table! {
            use diesel::sql_types::*;
            use super::super::dialect::sql_types::*;
            $name ($($key),+) { $($columns)* }
        }
    };
}

table! {
    organisation (id) {
        id -> Text, name -> Text, name_key -> Text, owner_id -> Text, created_at -> Instant, limits -> Json,
        updated_at -> Nullable<Instant>, version -> BigInt,
    }
}

table! {
    api_key (org_id, kid) {
        org_id -> Text, kid -> Text, digest -> Binary, name -> Text, name_key -> Text, user_id -> Text, permissions -> Json,
        projects -> Nullable<Json>, created_at -> Instant, expires_at -> Nullable<Instant>,
        revoked_at -> Nullable<Instant>, line -> Nullable<Text>, limits -> Json, updated_at -> Nullable<Instant>,
        successor -> Nullable<Text>, last_used_at -> Nullable<Instant>, version -> BigInt,
    }
}

table! {
    member (org_id, id) {
        org_id -> Text, id -> Text, email -> Nullable<Text>, email_key -> Nullable<Text>, role -> Text,
        password -> Nullable<Text>, password_set_at -> Nullable<Instant>, invitation -> Nullable<Binary>,
        invitation_expires_at -> Nullable<Instant>, upstream_issuer -> Nullable<Text>, upstream_subject -> Nullable<Text>,
        disabled_at -> Nullable<Instant>, created_at -> Instant,
        updated_at -> Instant, version -> BigInt,
    }
}

table! {
    team (org_id, id) {
        org_id -> Text, id -> Text, name -> Text, name_key -> Text, created_at -> Instant, updated_at -> Instant,
        version -> BigInt,
    }
}

table! {
    membership (org_id, team_id, user_id) { org_id -> Text, team_id -> Text, user_id -> Text, since -> Instant, }
}

table! {
    project (org_id, id) {
        org_id -> Text, id -> Text, number -> BigInt, canonical_name -> Text, canonical_key -> Text, name -> Text,
        name_key -> Text, description -> Nullable<Text>, phase -> Text, visibility -> Text, team_id -> Nullable<Text>,
        created_by -> Text, metadata -> Json, labels -> Text, search_text -> Text, created_at -> Instant,
        updated_at -> Instant, version -> BigInt,
    }
}

table! {
    agent (org_id, id) {
        org_id -> Text, id -> Text, project_id -> Text, name -> Text, name_key -> Text, description -> Nullable<Text>,
        config -> Json, environment -> Nullable<Binary>, metadata -> Json, labels -> Text, search_text -> Text,
        created_by -> Text, runtime -> Text, phase -> Text, generation -> BigInt, config_revision -> BigInt,
        applied_revision -> BigInt, incarnation -> BigInt, process -> Text,
        process_since -> Instant, failures -> Json, retry_at -> Nullable<Instant>, restarts -> BigInt,
        announce -> Bool, stops_owed -> BigInt, update_until -> Nullable<Instant>, last_exit -> Nullable<Json>,
        fault -> Nullable<Json>, session_id -> Nullable<Text>, nonce -> Nullable<Text>, token -> Nullable<Binary>,
        due_at -> Nullable<Instant>, created_at -> Instant, updated_at -> Instant,
        last_activity -> Nullable<Instant>, version -> BigInt,
    }
}

table! {
    task (org_id, id) {
        org_id -> Text, id -> Text, agent_id -> Text, project_id -> Text, input -> Json, metadata -> Json,
        labels -> Text, timeout_seconds -> BigInt, max_attempts -> BigInt, phase -> Text, attempt -> BigInt,
        failures -> BigInt, not_before -> Nullable<Instant>, incarnation -> Nullable<BigInt>,
        lease_until -> Nullable<Instant>, cancel_requested_at -> Nullable<Instant>, output -> Nullable<Json>,
        error_code -> Nullable<Text>, error_message -> Nullable<Text>, prompt_tokens -> BigInt,
        completion_tokens -> BigInt, model_requests -> BigInt, created_at -> Instant,
        started_at -> Nullable<Instant>, attempt_started_at -> Nullable<Instant>, completed_at -> Nullable<Instant>,
        updated_at -> Instant, version -> BigInt, charged_to -> Nullable<Text>, model -> Nullable<Text>,
    }
}

table! {
    journal (org_id, task_id, sequence) {
        org_id -> Text, task_id -> Text, sequence -> BigInt, attempt -> BigInt, kind -> Text, data -> Json,
        at -> Instant,
    }
}

table! {
    log (org_id, agent_id, key) {
        org_id -> Text, agent_id -> Text, key -> Text, position -> BigInt, at -> Instant, level -> Text,
        message -> Text, context -> Json,
    }
}

table! { event_counter (org_id) { org_id -> Text, last -> BigInt, } }

table! {
    event (org_id, sequence) {
        org_id -> Text, sequence -> BigInt, id -> Text, kind -> Text, created_at -> Instant, project_id -> Text,
        actor -> Text, reason -> Nullable<Text>, data -> Json,
    }
}

table! { audit_counter (org_id) { org_id -> Text, last -> BigInt, } }

table! {
    audit (org_id, sequence) {
        org_id -> Text, sequence -> BigInt, at -> Instant, actor -> Text, credential -> Nullable<Text>, action -> Text,
        target_kind -> Text, target_id -> Text, outcome -> Text, changed -> Json, request_id -> Nullable<Text>,
        address -> Nullable<Text>, user_agent -> Nullable<Text>,
    }
}

table! {
    idempotency (org_id, key) {
        org_id -> Text, key -> Text, fingerprint -> Text, answer -> Binary, created_at -> Instant,
        expires_at -> Instant,
    }
}

table! { property (name) { name -> Text, value -> Binary, } }

table! { counter (name) { name -> Text, last -> BigInt, } }

table! {
    oauth_client (org_id, id) {
        org_id -> Text, id -> Text, name -> Text, name_key -> Text, kind -> Text, redirect_uris -> Json, scopes -> Text, secrets -> Json,
        status -> Text, created_by -> Text, created_at -> Instant, updated_at -> Instant, version -> BigInt,
    }
}

table! {
    oauth_code (org_id, digest) {
        org_id -> Text, digest -> Binary, client_id -> Text, user_id -> Text, grant_id -> Text, redirect_uri -> Text,
        challenge -> Text, scopes -> Text, auth_time -> Instant, expires_at -> Instant, used_at -> Nullable<Instant>,
        failures -> BigInt,
    }
}

table! {
    oauth_grant (org_id, id) {
        org_id -> Text, id -> Text, client_id -> Text, user_id -> Text, scopes -> Text, auth_time -> Instant,
        created_at -> Instant, expires_at -> Instant, revoked_at -> Nullable<Instant>,
    }
}

table! {
    oauth_pair (org_id, id) {
        org_id -> Text, id -> Text, grant_id -> Text, refresh -> Binary, scopes -> Text, issued_at -> Instant,
        expires_at -> Instant, rotated_at -> Nullable<Instant>, access_used_at -> Nullable<Instant>,
        access_revoked_at -> Nullable<Instant>,
    }
}

table! {
    oauth_consent (org_id, user_id, client_id) {
        org_id -> Text, user_id -> Text, client_id -> Text, scopes -> Text, given_at -> Instant,
    }
}

table! {
    browser_session (org_id, id) {
        org_id -> Text, id -> Text, digest -> Binary, user_id -> Text, signed_in_at -> Instant, last_seen_at -> Instant,
        browser -> Text, address -> Text,
    }
}

table! {
    signing_key (kid) {
        kid -> Text, generation -> BigInt, algorithm -> Text, public_half -> Binary, private_half -> Binary,
        active_from -> Instant, active_until -> Instant, published_until -> Instant, created_at -> Instant,
        revoked_at -> Nullable<Instant>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(project, agent, task, journal, log, event, event_counter);
diesel::allow_tables_to_appear_in_same_query!(member, membership);
diesel::allow_tables_to_appear_in_same_query!(audit, audit_counter);
