package io.github.notearchive.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.note.NoteId;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Generated notes have the format of real ones and are the same in each process. */
class SyntheticNotesTests {

    private final ScriptableSandbox provider = ScriptableSandbox.start(SandboxSettings.defaults());

    @AfterEach
    void close() {
        provider.close();
    }

    @Test
    void videoNoteHasTheKeysOfTheProvidersSample() throws IOException {
        JsonNode sample;
        try (InputStream in = NoteId.class.getResourceAsStream("/io/github/notearchive/archive/catalog/answer.json")) {
            sample = JsonMapper.shared().readTree(in);
        }

        JsonNode envelope = provider.envelope(
                provider.noteIds(SandboxNoteKind.VIDEO_COVER, 1).getFirst());

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
    void anotherProviderReturnsTheSameNotes() {
        try (ScriptableSandbox other = ScriptableSandbox.start(SandboxSettings.defaults())) {
            for (String id : provider.noteIds(50)) {
                String here = provider.envelope(id).toString();
                String there = other.envelope(id).toString();

                assertThat(there.replace(other.mediaHost(), provider.mediaHost()))
                        .isEqualTo(here);
            }
            assertThat(other.noteIds(50)).isEqualTo(provider.noteIds(50));
        }
    }

    @Test
    void eachKindHasItsMedia() {
        JsonNode live = one(SandboxNoteKind.LIVE_PHOTOS).at("/images_list/0");
        JsonNode cover = one(SandboxNoteKind.VIDEO_COVER);
        JsonNode video = one(SandboxNoteKind.VIDEO_STREAMS);
        JsonNode sound = one(SandboxNoteKind.SOUND);
        JsonNode music = one(SandboxNoteKind.MUSIC);
        JsonNode text = one(SandboxNoteKind.TEXT);

        assertThat(live.at("/live_photo/media/stream/h264").isEmpty()).isTrue();
        assertThat(live.at("/live_photo/media/stream/h265/0/backup_urls")).hasSize(3);
        assertThat(live.path("live_photo_file_id").asString()).startsWith("livephoto/");
        assertThat(cover.path("images_list")).hasSize(1);
        assertThat(cover.has("native_voice_info")).isTrue();
        assertThat(cover.has("video_info_v2")).isFalse();
        assertThat(video.at("/video_info_v2/media/stream/h265")).hasSize(2);
        assertThat(video.at("/video_info_v2/media/video_id").isIntegralNumber()).isTrue();
        assertThat(sound.path("images_list")).isEmpty();
        assertThat(sound.has("native_voice_info")).isTrue();
        assertThat(music.at("/simple_music_info/url").asString()).contains(".mp3");
        assertThat(text.path("images_list")).isEmpty();
        assertThat(text.has("native_voice_info")).isFalse();
    }

    @Test
    void everyUrlRefersToTheMediaServer() {
        for (String id : provider.noteIds(100)) {
            String answer = provider.envelope(id).toString();

            assertThat(Arrays.stream(answer.split("https?://", -1)).skip(1))
                    .allMatch(rest -> rest.startsWith(provider.mediaHost() + "/"));
        }
    }

    private JsonNode one(SandboxNoteKind kind) {
        return note(provider, provider.noteIds(kind, 1).getFirst());
    }

    static JsonNode note(ScriptableSandbox provider, String id) {
        return provider.envelope(id).at("/data/0/note_list/0");
    }
}
