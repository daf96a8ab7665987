//! Tasks from the question to the answer (contract section 6).

use connix_tests::{Server, keys, on_every_store};
use serde_json::{Value, json};

on_every_store![
    a_task_is_queued_and_then_answered,
    waiting_gives_the_answer_at_once,
    waiting_ends_with_what_the_task_is_then,
    input_may_be_an_object,
    metadata_comes_back,
    the_model_is_asked_as_the_agent_is_configured,
    last_activity_is_the_last_sign_of_work,
    what_is_wrong_with_a_task_is_named,
    a_task_is_found_under_its_own_agent_only,
];

const KEYS: [&str; 11] = [
    "id",
    "status",
    "input",
    "output",
    "error",
    "attempts",
    "usage",
    "created_at",
    "started_at",
    "completed_at",
    "duration",
];

async fn a_task_is_queued_and_then_answered(server: &Server) {
    let client = server.client();
    let agent = client.external_agent(&client.project().await).await;
    let answer = client.post(&agent.path("/tasks"), &json!({ "input": "What is the answer?" })).await;
    let queued = answer.expect(201);
    assert!(keys(&queued).is_superset(&KEYS.into()), "{queued}");
    let id = queued["id"].as_str().unwrap();
    assert!(id.len() == 21 && id.starts_with("task_"), "{id}");
    assert!(answer.header("location").unwrap().ends_with(&agent.path(&format!("/tasks/{id}"))), "{answer:?}");
    assert_eq!((&queued["status"], &queued["attempts"]), (&json!("queued"), &json!(0)));
    for key in ["output", "error", "started_at", "completed_at", "duration"] {
        assert_eq!(queued[key], Value::Null, "{key}");
    }
    assert_eq!(queued["usage"]["total_tokens"], 0);

    let worker = agent.worker().await;
    let claimed = worker.claimed().await;
    assert_eq!((&claimed["id"], &claimed["input"]), (&queued["id"], &json!("What is the answer?")));
    let running = client.get(&agent.path(&format!("/tasks/{id}"))).await.expect(200);
    assert_eq!((&running["status"], &running["attempts"]), (&json!("running"), &json!(1)));
    assert!(running["started_at"].is_string(), "{running}");

    worker.complete(id, 1, "42").await.expect(200);
    let done = client.get(&agent.path(&format!("/tasks/{id}"))).await.expect(200);
    assert_eq!((&done["status"], &done["output"]), (&json!("completed"), &json!("42")));
    assert_eq!(done["error"], Value::Null);
    let usage = json!({ "prompt_tokens": 12, "completion_tokens": 5, "total_tokens": 17 });
    for key in keys(&usage) {
        assert_eq!(done["usage"][key], usage[key], "{key}");
    }
    assert!(done["duration"].as_f64().is_some_and(|seconds| (0.0..60.0).contains(&seconds)), "{done}");
    assert!(done["completed_at"].as_str() >= done["started_at"].as_str(), "{done}");
}

async fn waiting_gives_the_answer_at_once(server: &Server) {
    let client = server.client();
    let agent = client.running_agent(&client.project().await, "gpt-4").await;
    let done = client.post(&agent.path("/tasks?wait=30"), &json!({ "input": "hello" })).await.expect(201);
    assert_eq!((&done["status"], &done["output"]), (&json!("completed"), &json!("You said: hello")), "{done}");
    let usage = json!({ "prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12 });
    for key in keys(&usage) {
        assert_eq!(done["usage"][key], usage[key], "{key}");
    }
}

async fn waiting_ends_with_what_the_task_is_then(server: &Server) {
    let client = server.client();
    let agent = client.external_agent(&client.project().await).await;
    let begun = std::time::Instant::now();
    let task = client.post(&agent.path("/tasks?wait=1"), &json!({ "input": "nobody works" })).await.expect(201);
    assert_eq!(task["status"], "queued");
    assert!(begun.elapsed() >= std::time::Duration::from_secs(1), "{:?}", begun.elapsed());
    for wait in ["0", "31", "-1", "x", ""] {
        let answer = client.post(&agent.path(&format!("/tasks?wait={wait}")), &json!({ "input": "x" })).await;
        assert_eq!(answer.refused_fields(400, "validation_error")[0].0, "wait", "{wait:?}");
    }
}

async fn input_may_be_an_object(server: &Server) {
    let client = server.client();
    let agent = client.running_agent(&client.project().await, "gpt-4").await;
    let input = json!({ "question": "six times seven", "options": [42, null] });
    let task = agent.task_of(&json!({ "input": input })).await;
    let done = task.reaches("completed").await;
    assert_eq!(done["input"], input);
    assert!(done["output"].as_str().unwrap().contains("six times seven"), "{done}");
}

async fn metadata_comes_back(server: &Server) {
    let client = server.client();
    let agent = client.external_agent(&client.project().await).await;
    let body = json!({ "input": "x", "metadata": { "ticket": "T-1" }, "timeout_seconds": 60, "max_attempts": 2 });
    let task = agent.task_of(&body).await.get().await;
    assert_eq!(task["metadata"], json!({ "ticket": "T-1" }));
}

async fn the_model_is_asked_as_the_agent_is_configured(server: &Server) {
    let client = server.client();
    let config = json!({ "model": "any", "temperature": 0.3, "max_tokens": 77, "system_prompt": "Be brief." });
    let agent = client.agent(&client.project().await, json!({ "runtime": "external", "config": config })).await;
    let worker = agent.worker().await;
    let told = &worker.welcome["config"];
    for key in keys(&config) {
        assert_eq!(told[key], config[key], "{key}");
    }
    assert!(worker.welcome["llm"]["base_url"].as_str().unwrap().ends_with("/v1"), "{}", worker.welcome);
    assert_eq!(worker.welcome["agent_id"], json!(agent.id));
}

async fn last_activity_is_the_last_sign_of_work(server: &Server) {
    let client = server.client();
    let agent = client.external_agent(&client.project().await).await;
    let worker = agent.worker().await;
    let task = agent.task("work").await;
    worker.claimed().await;
    let claimed = agent.get().await["last_activity"].clone();
    assert!(claimed.as_str() > agent.created["created_at"].as_str(), "{claimed}");
    worker.complete(&task.id, 1, "done").await.expect(200);
    assert!(agent.get().await["last_activity"].as_str() > claimed.as_str());
}

async fn what_is_wrong_with_a_task_is_named(server: &Server) {
    let client = server.client();
    let agent = client.external_agent(&client.project().await).await;
    let table = [
        (json!({}), "input"),
        (json!({ "input": null }), "input"),
        (json!({ "input": 5 }), "input"),
        (json!({ "input": ["x"] }), "input"),
        (json!({ "input": "" }), "input"),
        (json!({ "input": "x", "colour": "blue" }), "colour"),
        (json!({ "input": "x", "metadata": 5 }), "metadata"),
        (json!({ "input": "x", "timeout_seconds": 0 }), "timeout_seconds"),
        (json!({ "input": "x", "timeout_seconds": 86_401 }), "timeout_seconds"),
        (json!({ "input": "x", "timeout_seconds": "5" }), "timeout_seconds"),
        (json!({ "input": "x", "max_attempts": 0 }), "max_attempts"),
        (json!({ "input": "x", "max_attempts": 11 }), "max_attempts"),
    ];
    for (body, field) in table {
        let fields = client.post(&agent.path("/tasks"), &body).await.refused_fields(400, "validation_error");
        assert_eq!(fields[0].0, field, "{body}: {fields:?}");
    }
}

async fn a_task_is_found_under_its_own_agent_only(server: &Server) {
    let client = server.client();
    let project = client.project().await;
    let (agent, other) = (client.external_agent(&project).await, client.external_agent(&project).await);
    let task = agent.task("mine").await;
    for id in [task.id.as_str(), "task_00000000000000aa", "abc"] {
        let path = other.path(&format!("/tasks/{id}"));
        client.get(&path).await.refused(404, "task_not_found");
        client.act(&format!("{path}/cancel")).await.refused(404, "task_not_found");
        client.get(&format!("{path}/events")).await.refused(404, "task_not_found");
    }
    assert_eq!(task.get().await["status"], "queued");
}
