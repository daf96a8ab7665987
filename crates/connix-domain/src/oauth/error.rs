//! The words that OAuth has for what is wrong (RFC 6749 4.1.2.1 and 5.2, RFC 7009, RFC 8707, OpenID Connect Core 3.1.2.6).

use crate::phases;

phases! {
    /// An error of the authorization endpoint: told to the application by way of the browser.
    pub enum AuthorizeError {
        /// A parameter is missing, twice there, or not what it has to be.
        InvalidRequest = "invalid_request",
        /// Another `response_type` than `code`.
        UnsupportedResponseType = "unsupported_response_type",
        /// Scopes that do not exist or that the client may not have.
        InvalidScope = "invalid_scope",
        /// Another `resource` than the API.
        InvalidTarget = "invalid_target",
        /// A `request` object, which we do not read.
        RequestNotSupported = "request_not_supported",
        /// A `request_uri`, which we do not fetch.
        RequestUriNotSupported = "request_uri_not_supported",
        /// The user said no.
        AccessDenied = "access_denied",
    }
}

phases! {
    /// An error of the token endpoint and its neighbours.
    pub enum TokenError {
        /// A parameter is missing, twice there, or not what it has to be.
        InvalidRequest = "invalid_request",
        /// The client is not known or has not shown its secret. One answer for both.
        InvalidClient = "invalid_client",
        /// The code or refresh token is not good, for whatever reason.
        InvalidGrant = "invalid_grant",
        /// The token belongs to another client.
        UnauthorizedClient = "unauthorized_client",
        /// Neither `authorization_code` nor `refresh_token`.
        UnsupportedGrantType = "unsupported_grant_type",
        /// More than was granted.
        InvalidScope = "invalid_scope",
        /// Another `resource` than the API.
        InvalidTarget = "invalid_target",
    }
}
