//! A client of your own over reqwest: the test is in `tests/`.

/// What the service says.
///
/// # Errors
/// Where it cannot be reached, or cannot be believed.
pub async fn greeting(client: &reqwest::Client, url: &str) -> reqwest::Result<String> {
    client.get(url).send().await?.error_for_status()?.text().await
}
