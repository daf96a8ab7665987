//! What agents may work with: an endpoint that hangs holds nobody up but those who wait for its first answer.

use crate::world::World;

#[tokio::test]
async fn an_endpoint_that_hangs_is_asked_once_for_all_and_its_silence_is_remembered() {
    let world = World::new().await;
    world.equipment.answer(false);
    let asking: Vec<_> = (0..20)
        .map(|_| {
            let (app, caller) = (world.app.clone(), world.caller.clone());
            tokio::spawn(async move { app.models(&caller).await.unwrap() })
        })
        .collect();
    world.equipment.is_asked().await;
    world.equipment.answer(true);
    for asked in asking {
        let models = asked.await.unwrap();
        assert_eq!((models.names, models.from_endpoint), (vec!["gpt-4".to_owned()], false));
    }
    world.equipment.answer(false);
    assert!(!world.app.models(&world.caller).await.unwrap().from_endpoint);
    assert_eq!(world.equipment.asked(), 1);
}
