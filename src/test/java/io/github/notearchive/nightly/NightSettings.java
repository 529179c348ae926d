package io.github.notearchive.nightly;

import java.time.Clock;
import java.util.HashMap;
import java.util.Map;
import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.StandardEnvironment;

/** Settings for the servers of the tests, with short timeouts. */
class NightSettings implements ApplicationContextInitializer<GenericApplicationContext> {

    /** For classes that hold many calls at the same time. */
    static final String MANY_WORKERS = "archive.workers=32";

    /** The same to the other servers. */
    static final class Beside extends NightSettings {

        @Override
        NightServers servers() {
            return NightServers.others();
        }
    }

    NightServers servers() {
        return NightServers.running();
    }

    @Override
    public void initialize(GenericApplicationContext context) {
        NightServers servers = servers();
        context.registerBean(NightServers.class, () -> servers);
        context.registerBean(Clock.class, () -> servers.clock);
        Map<String, Object> settings = new HashMap<>();
        settings.put("archive.data-dir", servers.home.resolve("work").toString());
        // a worker costs the job repository a dozen statements in each run
        settings.put("archive.workers", "4");
        settings.put("archive.source.base-url", servers.providerRelay.address());
        settings.put("archive.source.token", servers.provider.token());
        settings.put("archive.source.calls-per-second", "500");
        settings.put("archive.source.connect-timeout", "2s");
        settings.put("archive.source.response-timeout", "30s");
        settings.put("archive.retry.delays", "20ms,40ms");
        settings.put("archive.media.allowed-hosts", servers.provider.mediaHost());
        settings.put("archive.media.backoff", "10ms");
        settings.put("archive.media.idle-timeout", "10s");
        settings.put("archive.media.preview", "none");
        settings.put("archive.store.endpoint", servers.storeRelay.address());
        settings.put("archive.store.bucket", NightServers.BUCKET);
        settings.put("archive.store.access-key", servers.store.accessKey());
        settings.put("archive.store.secret-key", servers.store.secretKey());
        settings.put("archive.store.tries", "2");
        // all nodes have the key of the log
        settings.put(
                "archive.proof.key",
                "MC4CAQAwBQYDK2VwBCIEIGY2m+mTTRrPnnNydwDhvJLuyKy0eYU9+xn0PkktTlnx.AZ+d/REsqCYlM2UnDELaKcIhjtsryNSeMv/kJCMpq3RL");
        settings.put("spring.datasource.url", servers.jdbcUrl);
        settings.put("spring.datasource.username", servers.database.user());
        settings.put("spring.datasource.password", servers.database.password());
        settings.put("logging.level.io.github.notearchive", "error");
        // behind the settings of a class, before those of the program
        context.getEnvironment()
                .getPropertySources()
                .addAfter(
                        StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME,
                        new MapPropertySource("nights", settings));
    }
}
