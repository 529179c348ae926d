package io.github.notearchive.provider;

import io.github.notearchive.io.ScriptedServer;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.note.NoteId;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;

/** Clients of a scripted provider, with a call recorder and a rate limit in memory; closed after each test. */
abstract class ClientFixture {

    static final NoteId ID = new NoteId("66aa00000000000000000001");
    static final FetchRequest NOTE = new FetchRequest(ID, 1, true, null);
    static final Instant NOW = Instant.parse("2026-11-25T15:59:00Z"); // 23:59 in Shanghai

    /** Provider that replies to requests beyond its script with HTTP 500. */
    final ScriptedServer provider = new ScriptedServer().always(ScriptedServer.status(500));

    final CallRecorderFixture recorder = new CallRecorderFixture();
    final LocalRateLimitStore rateLimit = new LocalRateLimitStore();
    ResponseMemory memory = new ResponseMemory();
    VideoProperties videos = Settings.ofVideos();
    private final List<JustOneApiClient> clients = new ArrayList<>();

    /** Creates an open client with these settings, in pairs of name and value, at {@link #NOW}. */
    JustOneApiClient client(String... settings) {
        return client(NOW, settings);
    }

    JustOneApiClient client(Instant now, String... settings) {
        return client(Clock.fixed(now, ZoneOffset.UTC), settings);
    }

    JustOneApiClient client(Clock clock, String... settings) {
        Map<String, String> all =
                new HashMap<>(Map.of("base-url", provider.address(), "token", "practice", "calls-per-second", "1000"));
        for (int i = 0; i < settings.length; i += 2) {
            all.put(settings[i], settings[i + 1]);
        }
        Object[] pairs = all.entrySet().stream()
                .flatMap(setting -> List.of(setting.getKey(), setting.getValue()).stream())
                .toArray();
        var client = new JustOneApiClient(
                Settings.of(pairs), videos, Settings.ofRefreshes(), recorder, rateLimit, memory, clock);
        clients.add(client);
        open(client, NightlyCalls.NONE);
        return client;
    }

    /** Opens a client in a night with these calls of all nodes. */
    void open(JustOneApiClient client, NightlyCalls made) {
        recorder.night = made;
        client.open(Night.of(NOW), made, _ -> {});
    }

    static FetchOutcome fetch(JustOneApiClient client, FetchRequest request) throws InterruptedException {
        return client.fetch(CallKind.NOTE, request, Instant.MIN);
    }

    static FetchOutcome fetchVideo(JustOneApiClient client, NoteCapture detail) throws InterruptedException {
        return client.fetch(CallKind.VIDEO, NOTE, detail.capturedAt().plusMillis(1));
    }

    @AfterEach
    void closeProviderAndClients() {
        provider.close();
        clients.forEach(JustOneApiClient::close);
    }
}
