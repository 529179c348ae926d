package io.github.notearchive.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.Socket;
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

    private ScriptableSandbox provider = ScriptableSandbox.start(SandboxSettings.defaults());
    private Client client = new Client(provider.baseUrl(), provider.token());

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
    void refusesWrongTokenRegardlessOfTheScript() throws Exception {
        String id = provider.noteIds(1).getFirst();
        provider.script().answersAll(Reply.code(0));

        HttpResponse<byte[]> wrong = client.ask(id, "stolen");
        HttpResponse<byte[]> none = client.ask(id, "");

        assertThat(List.of(wrong, none))
                .allSatisfy(refused -> assertThat(Client.code(refused)).isEqualTo(100));
        assertThat(provider.granted()).isZero();
        assertThat(provider.answered(100)).isEqualTo(2);
    }

    @Test
    void servesManyClientsAtOnce() throws Exception {
        List<String> ids = provider.noteIds(640);

        try (ExecutorService threads = Executors.newFixedThreadPool(64)) {
            for (Future<Integer> code :
                    threads.invokeAll(ids.stream().map(this::asking).toList())) {
                assertThat(code.get()).isZero();
            }
        }

        assertThat(provider.bought()).containsExactlyInAnyOrderElementsOf(ids);
    }

    @Test
    void countsGrantsFromTheirChange() throws Exception {
        String id = provider.noteIds(1).getFirst();

        provider.script().grants(1);
        assertThat(client.codeFor(id)).isZero();
        HttpResponse<byte[]> over = client.ask(id);
        assertThat(over.statusCode()).isEqualTo(429);
        assertThat(Client.json(over).path("code").asInt()).isEqualTo(303);

        provider.script().unlimited();
        assertThat(client.codeFor(id)).isZero();
        assertThat(provider.bought()).containsExactly(id, id);
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
    void notesWithoutScriptShareTheCommonOne() throws Exception {
        List<String> ids = provider.noteIds(3);
        provider.script()
                .answersAll(Reply.code(302).header("Retry-After", "7"), Reply.normal())
                .always(ids.get(2), Reply.code(201));

        HttpResponse<byte[]> first = client.ask(ids.get(0));

        assertThat(first.statusCode()).isEqualTo(429);
        assertThat(first.headers().firstValue("Retry-After")).hasValue("7");
        assertThat(client.codeFor(ids.get(1))).isZero();
        assertThat(client.codeFor(ids.get(2))).isEqualTo(201);
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

    @Test
    void delaysResponseByLatencyAndReply() throws Exception {
        restart(SandboxSettings.defaults().withLatency(Duration.ofMillis(60)));
        String id = provider.noteIds(1).getFirst();
        provider.script().always(id, Reply.normal().after(Duration.ofMillis(60)));

        long start = System.nanoTime();
        client.ask(id);

        assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThanOrEqualTo(Duration.ofMillis(120));
    }

    @Test
    void keepsConnectionUntilCloseIsRequested() throws Exception {
        String kept = "GET /ping HTTP/1.1\r\nHost: x\r\n\r\n";
        String last = "GET /ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

        try (Socket socket = new Socket("127.0.0.1", provider.baseUrl().getPort())) {
            socket.getOutputStream().write((kept + kept + last).getBytes(StandardCharsets.UTF_8));
            byte[] received = socket.getInputStream().readAllBytes();

            assertThat(new String(received, StandardCharsets.UTF_8).split("HTTP/1.1 200 OK", -1))
                    .hasSize(4);
        }
    }

    @Test
    void resetOfCountsKeepsTheQuota() throws Exception {
        String id = provider.noteIds(1).getFirst();
        provider.script().grants(1);
        client.ask(id);

        provider.resetCounts();

        assertThat(provider.calls()).isZero();
        assertThat(provider.bought()).isEmpty();
        assertThat(client.codeFor(id)).isEqualTo(303);
    }

    @Test
    void closeEndsHeldCallsUnbilled() throws Exception {
        String id = provider.noteIds(1).getFirst();
        provider.holdAnswers();

        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<HttpResponse<byte[]>> answer = threads.submit(() -> client.ask(id));
            provider.awaitHeld(1, Duration.ofSeconds(5));

            provider.close();

            assertThatThrownBy(() -> answer.get(5, TimeUnit.SECONDS)).hasCauseInstanceOf(IOException.class);
        }
        assertThat(provider.granted()).isZero();
    }

    private void restart(SandboxSettings settings) {
        close();
        provider = ScriptableSandbox.start(settings);
        client = new Client(provider.baseUrl(), provider.token());
    }

    private Callable<Integer> asking(String id) {
        return () -> client.codeFor(id);
    }
}
