package io.github.notearchive.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.note.NoteId;
import io.github.notearchive.sandbox.SandboxSettings.Fault;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.imageio.ImageIO;
import org.apache.commons.codec.digest.DigestUtils;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The practice provider delivers notes, videos and files over HTTP, fails as its settings say, and counts. */
class SandboxProviderTests {

    private static final Clock CLOCK = Clock.systemUTC();

    private SandboxProvider provider = new SandboxProvider(ScriptableSandbox.DEFAULTS, CLOCK);
    private final HttpClient client = HttpClient.newHttpClient();

    @AfterEach
    void close() {
        client.shutdownNow();
        provider.close();
    }

    @Test
    void deliversAndCountsNotesAndVideos() throws Exception {
        for (String id : provider.noteIds(20)) {
            HttpResponse<byte[]> note = ask(id);
            JsonNode video = json(get(url(id, SandboxProvider.TOKEN).replace("/v1?", "/v6?")));

            assertThat(note.statusCode()).isEqualTo(200);
            assertThat(json(note).at("/data/0/note_list/0/id").asString()).isEqualTo(id);
            assertThat(video.path("code").asInt()).isZero();
            assertThat(video.path("data").size()).isIn(0, 2);
        }

        assertThat(List.of(provider.notes(), provider.videos())).allSatisfy(counts -> {
            assertThat(counts.calls()).isEqualTo(20);
            assertThat(counts.delivered()).isEqualTo(20);
        });
    }

    @Test
    void videoNoteHasTheKeysOfTheProvidersSample() throws Exception {
        JsonNode sample;
        try (InputStream in = NoteId.class.getResourceAsStream("/io/github/notearchive/archive/catalog/answer.json")) {
            sample = JsonMapper.shared().readTree(in);
        }
        String id;
        try (ScriptableSandbox kinds = ScriptableSandbox.start(ScriptableSandbox.DEFAULTS)) {
            id = kinds.noteIds(SandboxNoteKind.VIDEO_COVER, 1).getFirst();
        }

        JsonNode envelope = json(ask(id));

        assertThat(envelope.propertyNames())
                .contains("code", "data")
                .isSubsetOf("code", "data", "message", "recordTime", "requestId");
        String note = "/data/0/note_list/0";
        for (String object :
                List.of("/data/0", note, note + "/user", note + "/images_list/0", note + "/native_voice_info")) {
            assertThat(envelope.at(object).propertyNames())
                    .as(object)
                    .containsExactlyInAnyOrderElementsOf(sample.at(object).propertyNames());
        }
        assertThat(envelope.at(note + "/user")).isEqualTo(envelope.at("/data/0/user"));
    }

    @Test
    void anotherProviderReturnsTheSameNotes() throws Exception {
        try (ScriptableSandbox other = ScriptableSandbox.start(ScriptableSandbox.DEFAULTS)) {
            for (String id : provider.noteIds(50)) {
                assertThat(other.envelope(id).toString().replace(other.mediaHost(), provider.mediaHost()))
                        .isEqualTo(json(ask(id)).toString());
            }
            assertThat(other.noteIds(50)).isEqualTo(provider.noteIds(50));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "66a000000000000000000001, stolen, 401, 100",
        "66a000000000000000000001, '', 401, 100",
        "nonsense, sandbox-token, 400, 400"
    })
    void refusesAWrongTokenAndAnInvalidNoteId(String id, String token, int status, int code) throws Exception {
        HttpResponse<byte[]> response = get(url(id, token));

        assertThat(response.statusCode()).isEqualTo(status);
        assertThat(code(response)).isEqualTo(code);
        assertThat(provider.notes().calls()).isEqualTo(1);
        assertThat(provider.notes().delivered()).isZero();
    }

    @Test
    void deliversExactlyTheQuotaToManyClientsAtOnce() throws Exception {
        restart(settings(50, Map.of()));
        List<Callable<Integer>> calls = new ArrayList<>();
        provider.noteIds(200).forEach(id -> calls.add(() -> code(ask(id))));

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
    void drawsTheSameFailuresInEachProcess() throws Exception {
        SandboxSettings settings = settings(SandboxSettings.UNLIMITED, Map.of(Fault.FAIL_301, 0.3, Fault.MISSING, 0.1));
        restart(settings);
        List<Integer> first = askEachNote(4);

        restart(settings);
        List<Integer> second = askEachNote(4);

        assertThat(second).isEqualTo(first);
        assertThat(first.stream().filter(code -> code == 301).count()).isBetween(40L, 80L);
        assertThat(first).contains(0, 201, 301);
    }

    /** A practice shows what the pages are for. */
    @Test
    void livingNotesGrowAreEditedAndVanish() throws Exception {
        restart(new SandboxSettings(1, SandboxSettings.UNLIMITED, Duration.ZERO, Map.of(), true));
        List<String> ids = provider.noteIds(60);
        Map<String, JsonNode> first = notes(ids);

        provider.nextDay();
        provider.nextDay();
        Map<String, JsonNode> third = notes(ids);

        assertThat(first).hasSize(59);
        assertThat(third).hasSize(56);
        assertThat(third.keySet().stream()
                        .filter(id -> isDifferent("title", first.get(id), third.get(id))
                                || isDifferent("desc", first.get(id), third.get(id))))
                .hasSize(4);
        assertThat(third.keySet().stream().filter(id -> isDifferent("liked_count", first.get(id), third.get(id))))
                .hasSizeGreaterThan(20);
        assertThat(first.values().stream()
                        .map(note -> note.at("/user/userid").asString())
                        .distinct())
                .hasSizeBetween(10, 12);
    }

    /** Notes by id, without those that are refused or not found. */
    private Map<String, JsonNode> notes(List<String> ids) throws Exception {
        Map<String, JsonNode> notes = new TreeMap<>();
        for (String id : ids) {
            JsonNode note = json(ask(id)).at("/data/0/note_list/0");
            if (!note.isMissingNode()) {
                notes.put(id, note);
            }
        }
        return notes;
    }

    private static boolean isDifferent(String field, JsonNode before, JsonNode after) {
        return !before.path(field).equals(after.path(field));
    }

    @Test
    void drawnPicturesHaveTheDeclaredProportions() throws Exception {
        restart(new SandboxSettings(1, SandboxSettings.UNLIMITED, Duration.ZERO, Map.of(), true));
        Set<String> shapes = new TreeSet<>();
        Set<String> pictures = new HashSet<>();
        int count = 0;
        for (JsonNode note : notes(provider.noteIds(11)).values()) {
            for (JsonNode image : note.path("images_list")) {
                byte[] bytes = get(image.at("/url_multi_level/high").asString().replace("|", "%7C"))
                        .body();
                BufferedImage picture = ImageIO.read(new ByteArrayInputStream(bytes));

                assertThat(picture.getWidth()).isEqualTo(image.path("width").asInt());
                assertThat(picture.getHeight()).isEqualTo(image.path("height").asInt());
                shapes.add(picture.getWidth() + "x" + picture.getHeight());
                pictures.add(DigestUtils.sha256Hex(bytes));
                count++;
            }
        }

        assertThat(shapes).hasSize(4);
        assertThat(pictures).as("no two are equal").hasSize(count);
    }

    private static SandboxSettings settings(int quota, Map<Fault, Double> shares) {
        return new SandboxSettings(1, quota, Duration.ZERO, shares, false);
    }

    private void restart(SandboxSettings settings) {
        provider.close();
        provider = new SandboxProvider(settings, CLOCK);
    }

    private HttpResponse<byte[]> ask(String noteId) throws Exception {
        return get(url(noteId, SandboxProvider.TOKEN));
    }

    private String url(String noteId, String token) {
        return provider.baseUrl() + "/api/xiaohongshu/get-note-detail/v1?token=" + token + "&noteId=" + noteId;
    }

    private HttpResponse<byte[]> get(String url) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(url))
                .version(HttpClient.Version.HTTP_1_1)
                .timeout(Duration.ofSeconds(10))
                .build();
        return client.send(request, HttpResponse.BodyHandlers.ofByteArray());
    }

    private static JsonNode json(HttpResponse<byte[]> response) {
        return JsonMapper.shared().readTree(response.body());
    }

    private static int code(HttpResponse<byte[]> response) {
        return json(response).path("code").asInt();
    }

    private List<Integer> askEachNote(int times) throws Exception {
        List<Integer> codes = new ArrayList<>();
        for (String id : provider.noteIds(50)) {
            for (int i = 0; i < times; i++) {
                codes.add(code(ask(id)));
            }
        }
        return codes;
    }
}
