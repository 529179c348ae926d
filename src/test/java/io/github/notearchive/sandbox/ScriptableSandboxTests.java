package io.github.notearchive.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The fixture replies as scripted, breaks connections as scripted, and logs both. */
class ScriptableSandboxTests {

    private final ScriptableSandbox provider = ScriptableSandbox.start(SandboxSettings.defaults());
    private final Client client = new Client(provider.baseUrl(), provider.token());

    @AfterEach
    void close() {
        client.close();
        provider.close();
    }

    @Test
    void logsCallAndResponse() throws Exception {
        String id = provider.noteIds(1).getFirst();

        HttpResponse<byte[]> response = client.ask(id);

        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(Client.json(response).at("/data/0/note_list/0/id").asString())
                .isEqualTo(id);
        assertThat(response.body()).isEqualTo(provider.answerBytes(id));
        assertThat(provider.bought()).containsExactly(id);
        assertThat(provider.granted()).isEqualTo(1);
        assertThat(provider.calls()).isEqualTo(1);
        assertThat(provider.calls(id)).isEqualTo(1);
        assertThat(provider.answered(0)).isEqualTo(1);
        assertThat(provider.callsSeen())
                .singleElement()
                .satisfies(call -> assertThat(call.httpStatus()).isEqualTo(200))
                .satisfies(call -> assertThat(call.noteId()).isEqualTo(id));
    }

    @Test
    void usesRepliesInOrderAndRepeatsTheLastOne() throws Exception {
        String id = provider.noteIds(1).getFirst();
        provider.script().answers(id, Reply.code(301), Reply.code(301, 503), Reply.normal());

        assertThat(client.ask(id).statusCode()).isEqualTo(200);
        assertThat(client.ask(id).statusCode()).isEqualTo(503);
        assertThat(client.codeFor(id)).isZero();
        assertThat(client.codeFor(id)).isZero();
        assertThat(provider.answered(301)).isEqualTo(2);

        provider.script().always(id, Reply.code(600)).clear();
        assertThat(client.codeFor(id)).isZero();
    }

    @Test
    void sendsChangedNotesAndRawBodies() throws Exception {
        List<String> ids = provider.noteIds(3);
        provider.script()
                .always(ids.get(0), Reply.noteWith(note -> note.put("liked_count", "1.2万")))
                .always(ids.get(1), Reply.json("{\"code\":\"0\",\"data\":null}"))
                .always(ids.get(2), Reply.raw(502, "text/html", "<html>".getBytes(StandardCharsets.UTF_8)));

        HttpResponse<byte[]> changed = client.ask(ids.get(0));
        HttpResponse<byte[]> given = client.ask(ids.get(1));
        HttpResponse<byte[]> raw = client.ask(ids.get(2));

        assertThat(Client.json(changed).at("/data/0/note_list/0/liked_count").asString())
                .isEqualTo("1.2万");
        assertThat(given.body()).asString().isEqualTo("{\"code\":\"0\",\"data\":null}");
        assertThat(raw.statusCode()).isEqualTo(502);
        assertThat(provider.bought()).containsExactly(ids.get(0), ids.get(1));
        assertThat(provider.answered(CallSeen.NO_CODE)).isEqualTo(1);
    }

    @Test
    void brokenConnectionsFailAndOnlySomeCallsAreBilled() {
        List<String> ids = provider.noteIds(3);
        provider.script()
                .always(ids.get(0), Reply.reset())
                .always(ids.get(1), Reply.lost())
                .always(ids.get(2), Reply.truncated());

        for (String id : ids) {
            assertThatThrownBy(() -> client.ask(id)).isInstanceOf(IOException.class);
        }

        assertThat(provider.bought()).contains(ids.get(1), ids.get(2)).doesNotContain(ids.get(0));
    }

    @Test
    void hangingCallEndsWhenReleased() throws Exception {
        String id = provider.noteIds(1).getFirst();
        provider.script().always(id, Reply.hang());
        HttpRequest impatient = HttpRequest.newBuilder(URI.create(client.url(id, provider.token())))
                .timeout(Duration.ofMillis(150))
                .build();

        assertThatThrownBy(() -> client.http().send(impatient, HttpResponse.BodyHandlers.discarding()))
                .isInstanceOf(HttpTimeoutException.class);
        assertThat(provider.calls(id)).isEqualTo(1);
        assertThat(provider.callsSeen()).isEmpty();

        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<HttpResponse<byte[]>> patient = threads.submit(() -> client.ask(id));
            while (!patient.isDone()) {
                provider.script().releaseHung();
                Thread.yield();
            }
            assertThatThrownBy(patient::get).hasCauseInstanceOf(IOException.class);
        }
    }

    @Test
    void heldCallsAreLoggedAndBilledWhenReleased() throws Exception {
        List<String> ids = provider.noteIds(4);
        provider.holdAnswers();

        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Integer>> answers = new ArrayList<>();
            for (String id : ids) {
                answers.add(threads.submit(asking(id)));
            }
            provider.awaitHeld(4, Duration.ofSeconds(5));
            assertThat(provider.calls()).isEqualTo(4);
            assertThat(provider.granted()).isZero();

            provider.releaseAnswers();
            for (Future<Integer> answer : answers) {
                assertThat(answer.get(5, TimeUnit.SECONDS)).isZero();
            }
        }
        assertThat(provider.granted()).isEqualTo(4);
    }

    private Callable<Integer> asking(String id) {
        return () -> client.codeFor(id);
    }
}
