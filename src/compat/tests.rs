use super::*;

fn settings(profile: CompatProfile) -> Settings {
    Settings {
        compat_profile: profile,
        ..Settings::default()
    }
}

fn permitted(settings: &Settings) -> Vec<&'static str> {
    let all = Feature::ALL.into_iter();
    let permitted = all.filter(|feature| feature.is_permitted(settings));
    permitted.map(Feature::name).collect()
}

#[test]
fn profiles_set_all_permissions_together() {
    let all = [
        "queue_master_locator",
        "global_qos",
        "management_metrics_collection",
        "transient_nonexcl_queues",
    ];
    assert_eq!(permitted(&Settings::default()), all);
    assert_eq!(permitted(&settings(CompatProfile::V4_2)), all);
    assert_eq!(permitted(&settings(CompatProfile::V3_13)), all);
    let unconfigured = ["management_metrics_collection", "transient_nonexcl_queues"];
    assert_eq!(permitted(&settings(CompatProfile::V4_3)), unconfigured);
}

#[test]
fn a_permission_of_its_own_goes_before_the_profile() {
    let mut strict = settings(CompatProfile::V4_3);
    strict.compat_permit_global_qos = Some(true);
    strict.compat_permit_transient_nonexcl_queues = Some(false);
    let expected = ["global_qos", "management_metrics_collection"];
    assert_eq!(permitted(&strict), expected);
}

#[test]
fn words_are_those_of_rabbitmq() {
    let default = Settings::default();
    let strict = Settings {
        compat_permit_transient_nonexcl_queues: Some(false),
        ..settings(CompatProfile::V4_3)
    };
    assert_eq!(
        Feature::TransientNonexclQueues.words(&default),
        "Feature `transient_nonexcl_queues` is deprecated.\n\
         By default, this feature can still be used for now.\n\
         Its use will not be permitted by default in a future minor RabbitMQ version and the \
         feature will be removed from a future major RabbitMQ version; actual versions to be \
         determined.\n\
         To continue using this feature when it is not permitted by default, set the following \
         parameter in your configuration:\n    \
         \"deprecated_features.permit.transient_nonexcl_queues = true\"\n\
         To test RabbitMQ as if the feature was removed, set this in your configuration:\n    \
         \"deprecated_features.permit.transient_nonexcl_queues = false\""
    );
    assert_eq!(
        Feature::TransientNonexclQueues.words(&strict),
        "Feature `transient_nonexcl_queues` is deprecated.\n\
         Its use is not permitted per the configuration (overriding the default, which is \
         permitted):\n    \
         \"deprecated_features.permit.transient_nonexcl_queues = false\"\n\
         Its use will not be permitted by default in a future minor RabbitMQ version and the \
         feature will be removed from a future major RabbitMQ version; actual versions to be \
         determined.\n\
         To continue using this feature when it is not permitted by default, set the following \
         parameter in your configuration:\n    \
         \"deprecated_features.permit.transient_nonexcl_queues = true\""
    );
    assert_eq!(
        Feature::GlobalQos.words(&default),
        "Feature `global_qos` is deprecated.\n\
         Its use is permitted per the configuration (overriding the default, which is not \
         permitted):\n    \
         \"deprecated_features.permit.global_qos = true\"\n\
         The feature will be removed from a future major RabbitMQ version, regardless of the \
         configuration."
    );
    assert_eq!(
        Feature::GlobalQos.words(&strict),
        "Feature `global_qos` is deprecated.\n\
         By default, this feature is not permitted anymore.\n\
         The feature will be removed from a future major RabbitMQ version, regardless of the \
         configuration; actual version to be determined.\n\
         To continue using this feature when it is not permitted by default, set the following \
         parameter in your configuration:\n    \
         \"deprecated_features.permit.global_qos = true\""
    );
    assert_eq!(
        Feature::QueueMasterLocator.words(&default),
        "queue-master-locator is deprecated. queue-leader-locator should be used instead (allowed \
         values are 'client-local' and 'balanced')"
    );
}

#[test]
fn first_use_is_kept() {
    let (mut now, settings) = (Now::default(), settings(CompatProfile::V4_3));
    let uses = Deprecations::default();
    assert_eq!(uses.first_use(Feature::GlobalQos), None);
    assert!(!uses.uses(now, &settings, Feature::GlobalQos));
    now.wall = Wall::from_millis(5);
    assert!(!uses.uses(now, &settings, Feature::GlobalQos));
    assert!(uses.uses(now, &settings, Feature::TransientNonexclQueues));
    assert_eq!(
        uses.first_use(Feature::GlobalQos),
        Some(Wall::from_millis(0))
    );
    let transient = uses.first_use(Feature::TransientNonexclQueues);
    assert_eq!(transient, Some(Wall::from_millis(5)));
    let error = uses.check(now, &settings, Feature::QueueMasterLocator);
    let text = error.unwrap_err().reply_text();
    assert!(text.starts_with("INTERNAL_ERROR - Feature `queue_master_locator` is deprecated.\nBy"));
    assert_eq!(text.len(), 255);
}
