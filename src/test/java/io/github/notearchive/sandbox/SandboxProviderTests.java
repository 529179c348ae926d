package io.github.notearchive.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.notearchive.sandbox.SandboxSettings.Fault;
import java.net.http.HttpResponse;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** The practice provider delivers notes, videos and files over HTTP, fails as its settings say, and counts. */
class SandboxProviderTests {

    private static final Clock CLOCK = Clock.fixed(Instant.parse("2026-03-10T12:00:00Z"), ZoneOffset.UTC);

    private SandboxProvider provider = SandboxProvider.start(SandboxSettings.defaults(), CLOCK);
    private Client client = new Client(provider.baseUrl(), SandboxProvider.TOKEN);

    @AfterEach
    void close() {
        client.close();
        provider.close();
    }

    @Test
    void deliversAndCountsNotesAndVideos() throws Exception {
        for (String id : provider.noteIds(20)) {
            HttpResponse<byte[]> note = client.ask(id);
            JsonNode video = Client.json(client.askVideo(id));

            assertThat(note.statusCode()).isEqualTo(200);
            assertThat(Client.json(note).at("/data/0/note_list/0/id").asString())
                    .isEqualTo(id);
            assertThat(video.path("code").asInt()).isZero();
            assertThat(video.path("data").size()).isIn(0, 2);
        }

        assertThat(List.of(provider.notes(), provider.videos())).allSatisfy(counts -> {
            assertThat(counts.calls()).isEqualTo(20);
            assertThat(counts.delivered()).isEqualTo(20);
        });
    }

    @ParameterizedTest
    @CsvSource({
        "66a000000000000000000001, stolen, 401, 100",
        "66a000000000000000000001, '', 401, 100",
        "nonsense, sandbox-token, 400, 400"
    })
    void refusesAWrongTokenAndAnInvalidNoteId(String id, String token, int status, int code) throws Exception {
        HttpResponse<byte[]> response = client.ask(id, token);

        assertThat(response.statusCode()).isEqualTo(status);
        assertThat(Client.code(response)).isEqualTo(code);
        assertThat(provider.notes().calls()).isEqualTo(1);
        assertThat(provider.notes().delivered()).isZero();
    }

    @Test
    void respondsToPingWithTheTimeOfItsClockAndWithoutCost() throws Exception {
        HttpResponse<byte[]> pong = client.get(provider.baseUrl() + "/ping");

        assertThat(pong.statusCode()).isEqualTo(200);
        assertThat(pong.headers().allValues("Date")).containsExactly("Tue, 10 Mar 2026 12:00:00 GMT");
        assertThat(provider.notes().calls()).isZero();
    }

    @Test
    void deliversExactlyTheQuotaToManyClientsAtOnce() throws Exception {
        restart(SandboxSettings.defaults().withQuota(50));
        List<Callable<Integer>> calls = new ArrayList<>();
        provider.noteIds(200).forEach(id -> calls.add(() -> client.codeFor(id)));

        List<Integer> codes = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(32)) {
            for (Future<Integer> code : threads.invokeAll(calls)) {
                codes.add(code.get());
            }
        }

        assertThat(codes).filteredOn(code -> code == 0).hasSize(50);
        assertThat(codes).filteredOn(code -> code == 303).hasSize(150);
        assertThat(provider.notes().calls()).isEqualTo(200);
        assertThat(provider.notes().delivered()).isEqualTo(50);
    }

    @Test
    void deliversAgainAfterANewQuota() throws Exception {
        restart(SandboxSettings.defaults().withQuota(0));
        String id = provider.noteIds(1).getFirst();

        HttpResponse<byte[]> refused = client.ask(id);
        provider.notes().grant(1);

        assertThat(refused.statusCode()).isEqualTo(429);
        assertThat(Client.code(refused)).isEqualTo(303);
        assertThat(client.codeFor(id)).isZero();
        assertThat(client.codeFor(id)).isEqualTo(303);
    }

    @Test
    void drawsTheSameFailuresInEachProcess() throws Exception {
        SandboxSettings settings =
                SandboxSettings.defaults().with(Fault.FAIL_301, 0.3).with(Fault.MISSING, 0.1);
        restart(settings);
        List<Integer> first = askEachNote(4);

        restart(settings);
        List<Integer> second = askEachNote(4);

        assertThat(second).isEqualTo(first);
        assertThat(first.stream().filter(code -> code == 301).count()).isBetween(40L, 80L);
        assertThat(first).contains(0, 201, 301);
    }

    @Test
    void billsAnEmptyResponse() throws Exception {
        restart(SandboxSettings.defaults().with(Fault.EMPTY, 1));

        HttpResponse<byte[]> response = client.ask(provider.noteIds(1).getFirst());

        assertThat(Client.code(response)).isZero();
        assertThat(Client.json(response).path("data")).isEmpty();
        assertThat(provider.notes().delivered()).isEqualTo(1);
    }

    @Test
    void rejectsSettingsOutOfRange() {
        SandboxSettings settings = SandboxSettings.defaults();

        assertThatThrownBy(() -> settings.with(Fault.MISSING, 1.5))
                .hasMessage("missing must be from 0 to 1, but is 1.5");
    }

    private void restart(SandboxSettings settings) {
        close();
        provider = SandboxProvider.start(settings, CLOCK);
        client = new Client(provider.baseUrl(), SandboxProvider.TOKEN);
    }

    private List<Integer> askEachNote(int times) throws Exception {
        List<Integer> codes = new ArrayList<>();
        for (String id : provider.noteIds(50)) {
            for (int i = 0; i < times; i++) {
                codes.add(client.codeFor(id));
            }
        }
        return codes;
    }
}
