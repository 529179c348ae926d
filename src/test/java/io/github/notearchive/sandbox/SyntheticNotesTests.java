package io.github.notearchive.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Generated notes have the format of real ones and are the same in each process. */
class SyntheticNotesTests {

    private static final String NOTE_KEYS = """
            api_upgrade ats biz_map collected collected_count comment_prompt_config comments_count content_trans_info
            cooperate_binds countdown desc enable_brand_lottery enable_co_produce enable_fls_bridge_cards
            enable_fls_related_cards feedback_info foot_tags function_switch goods_info has_co_produce has_music
            has_related_goods hash_tag head_tags id images_list in_censor ip_location last_update_time liked
            liked_count liked_users long_press_share_info may_have_red_packet media_save_config mini_program_info
            model_type native_voice_info need_next_step need_product_review note_text_press_options privacy
            qq_mini_program_info red_envelope_note seeded seeded_count share_code_flag share_info shared_count sticky
            text_language_code time title topics type use_water_color user view_count widgets_context widgets_groups
            """;

    private final ScriptableSandbox provider = ScriptableSandbox.start(SandboxSettings.defaults());

    @AfterEach
    void close() {
        provider.close();
    }

    @Test
    void videoNoteHasTheKeysOfTheProvidersSample() {
        String id = provider.noteIds(SandboxNoteKind.VIDEO_COVER, 1).getFirst();

        JsonNode envelope = provider.envelope(id);

        assertThat(envelope.propertyNames()).contains("code", "data");
        assertThat(envelope.propertyNames()).isSubsetOf("code", "data", "message", "recordTime", "requestId");
        JsonNode wrapper = envelope.at("/data/0");
        assertThat(wrapper.propertyNames())
                .containsExactlyInAnyOrder("user", "note_list", "comment_list", "track_id", "model_type");
        JsonNode note = wrapper.at("/note_list/0");
        assertThat(note.propertyNames()).containsExactlyInAnyOrder(NOTE_KEYS.split("\\s+"));
        assertThat(note.path("user")).isEqualTo(wrapper.path("user"));
        assertThat(note.path("user").propertyNames()).containsExactlyInAnyOrder("""
                        name image followed nickname red_official_verify_type show_red_official_verify_icon red_official_verified
                        id fstatus level userid track_duration red_id
                        """.split("\\s+"));
        assertThat(note.at("/images_list/0").propertyNames()).containsExactlyInAnyOrder("""
                        original longitude latitude scale_to_large url width index trace_id text_intention fileid url_multi_level
                        need_load_original_image origin_img height
                        """.split("\\s+"));
        assertThat(note.path("native_voice_info").propertyNames()).containsExactlyInAnyOrder("""
                        name desc duration url subtitle sound_bg_music_type sound_id md5sum use_count cover
                        optimize_exp_in_use_count
                        """.split("\\s+"));
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
