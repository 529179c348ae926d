package io.github.notearchive.note;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

import java.time.Instant;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.MissingNode;

/** The media of a response are slots, each with its URLs from the best to the last. */
class MediaSlotsTests {

    /** Name, note, and its slots: kind, ordinal, identity with a question mark unless named, URLs by rendition. */
    static Stream<Arguments> notes() {
        return Stream.of(images(), videos(), sounds()).flatMap(List::stream);
    }

    private static List<Arguments> images() {
        return List.of(
                argumentSet("URLs go from the largest to the smallest", """
                        {"images_list":[{"fileid":"f","url":"https://c/576?sign=1",
                          "url_multi_level":{"low":"https://c/low","medium":"https://c/medium","high":"https://c/high"},
                          "url_size_large":"https://c/large","original":"https://c/5000","url_8k":"https://c/8192"}]}
                        """, """
                        IMAGE 0 f url_8k=https://c/8192 original=https://c/5000 url_size_large=https://c/large\
                         url_multi_level.high=https://c/high url=https://c/576?sign=1\
                         url_multi_level.medium=https://c/medium url_multi_level.low=https://c/low
                        """),
                argumentSet(
                        "blank URLs are skipped, and equal ones occur once",
                        """
                        {"images_list":[{"fileid":"f","original":"","url_8k":null,"url_size_large":"https://c/large",
                          "url":"https://c/a","url_multi_level":{"low":"https://c/a","medium":"https://c/a","high":"https://c/a"}}]}
                        """,
                        "IMAGE 0 f url_size_large=https://c/large url_multi_level.high=https://c/a\n"),
                argumentSet("a malformed URL is kept byte for byte", """
                        {"images_list":[{"original":"","url":"https://c/f?w/576/q/58|strip&sign=a%20b"},{"url":"//c/x"}]}
                        """, """
                        IMAGE 0 f? url=https://c/f?w/576/q/58|strip&sign=a%20b
                        IMAGE 1 x? url=//c/x
                        """),
                argumentSet("a picture without URL is a slot", """
                        {"images_list":[{"fileid":"f","url":""}]}
                        """, "IMAGE 0 f\n"),
                argumentSet("two pictures of one file are two slots", """
                        {"images_list":[{"fileid":"notes_uhdr/1040g","url":"https://c/1"},
                                        {"fileid":"notes_uhdr/1040g","url":"https://c/1"},{"fileid":"../evil","url":"https://c/2"}]}
                        """, """
                        IMAGE 0 notes_uhdr/1040g url=https://c/1
                        IMAGE 1 notes_uhdr/1040g url=https://c/1
                        IMAGE 2 ../evil url=https://c/2
                        """),
                argumentSet("the motion of a live photo follows its still with the same ordinal", """
                        {"images_list":[{"fileid":"a","url":"https://c/a"},
                          {"fileid":"b","url":"https://c/b","live_photo_file_id":"livephoto/1040g390bbb",
                           "live_photo":{"media":{"video_id":"137833486798426118","stream":{"h264":[],
                             "h265":[{"master_url":"http://c/x_66.mp4","backup_urls":["http://d/x_66.mp4"],
                                      "size":521172,"duration":2021,"format":"mp4"}],"h266":[],"av1":[]}}}},
                          {"fileid":"c","url":"https://c/c"}]}
                        """, """
                        IMAGE 0 a url=https://c/a
                        IMAGE 1 b url=https://c/b
                        MOTION 1 livephoto/1040g390bbb h265/master_url=http://c/x_66.mp4 h265/backup_urls[0]=http://d/x_66.mp4
                        IMAGE 2 c url=https://c/c
                        """),
                argumentSet("a motion that is only named is a gap", """
                        {"images_list":[{"fileid":"a","live_photo_file_id":"livephoto/k","live_photo":{"media":{"stream":{}}}}]}
                        """, "IMAGE 0 a\nMOTION 0 livephoto/k\n"),
                argumentSet("a placeholder names no motion", """
                        {"images_list":[{"fileid":"f","live_photo_file_id":"0","live_photo":{"media":{"video_id":0}}}]}
                        """, "IMAGE 0 f\n"));
    }

    private static List<Arguments> videos() {
        return List.of(
                argumentSet("a video note without video has a slot that is not offered", """
                        {"type":"video","images_list":[{"fileid":"cover","url":"https://c/a"}],
                         "native_voice_info":{"sound_id":"1146","url":"http://c/02e9_0.wav","duration":46250}}
                        """, """
                        IMAGE 0 cover url=https://c/a
                        VIDEO 0 ? NOT_OFFERED_BY_V1
                        AUDIO 0 1146 url=http://c/02e9_0.wav
                        """),
                argumentSet("streams go by codec and pixels, each followed by its other URLs", """
                        {"type":"video","video_info_v2":{"media":{"video_id":137728697860969105,"stream":{
                          "h264":[{"master_url":"http://c/258.mp4","backup_urls":["http://c/258.mp4","http://d/258.mp4"],
                                   "width":1280,"height":720,"size":15534880}],
                          "h265":[{"master_url":"http://c/114.mp4","width":1280,"height":720},
                                  {"master_url":"http://c/115.mp4","width":2560,"height":1440}],"h266":[],"av1":[]}}}}
                        """, """
                        VIDEO 0 137728697860969105 h265[1]/master_url=http://c/115.mp4 h265/master_url=http://c/114.mp4\
                         h264/master_url=http://c/258.mp4 h264/backup_urls[1]=http://d/258.mp4
                        """),
                argumentSet(
                        "of equal dimensions the larger file comes first",
                        """
                        {"video_info_v2":{"media":{"stream":{"h265":[
                          {"master_url":"http://c/1","width":720,"height":1280,"size":10},
                          {"master_url":"http://c/2","width":720,"height":1280,"size":20}]}}}}
                        """,
                        "VIDEO 0 2? h265[1]/master_url=http://c/2 h265/master_url=http://c/1\n"),
                argumentSet("a placeholder names no video", """
                        {"video_info_v2":{"media":{"video_id":0,"stream":{}}}}
                        """, ""),
                argumentSet("subtitles are a slot for each language, regardless of the order of keys", """
                        {"video_info_v2":{"media":{"video_id":1,"video":{"subtitles":{
                          "zh-CN":[{"url":"http://c/zh.srt?sign=2"}],"source":[{"url":"http://c/zh.srt?sign=1"}],
                          "en-US":[{"url":"http://c/en.vtt"},{"url":""},{"url":"http://c/en2.vtt"},null,7],"fr":{},"de":null}}}}}
                        """, """
                        VIDEO 0 1
                        SUBTITLE 0 en-US? subtitles.en-US=http://c/en.vtt
                        SUBTITLE 1 en-US[2]? subtitles.en-US[2]=http://c/en2.vtt
                        SUBTITLE 2 zh-CN? subtitles.zh-CN=http://c/zh.srt?sign=2
                        """),
                argumentSet("an invalid language is named by its number", """
                        {"video_info_v2":{"media":{"video_id":1,"video":{"subtitles":{
                          "zh\\u0000":[{"url":"http://c/a.srt"},{"url":"http://c/b.srt"}],"":[{"url":"http://c/c.srt"}],
                          "zh\\ud83d":[{"url":"http://c/d.srt"}],"xxxxxxxxxxxxxxxxxxxxx":[{"url":"http://c/e.srt"}],
                          "zh_Hant-TW":[{"url":"http://c/f.srt"}]}}}}}
                        """, """
                        VIDEO 0 1
                        SUBTITLE 0 #0? subtitles.#0=http://c/c.srt
                        SUBTITLE 1 #1? subtitles.#1=http://c/e.srt
                        SUBTITLE 2 #2? subtitles.#2=http://c/a.srt
                        SUBTITLE 3 #2[1]? subtitles.#2[1]=http://c/b.srt
                        SUBTITLE 4 zh_Hant-TW? subtitles.zh_Hant-TW=http://c/f.srt
                        SUBTITLE 5 #5? subtitles.#5=http://c/d.srt
                        """),
                argumentSet("subtitles with another query are others", """
                        {"video_info_v2":{"media":{"video_id":1,"video":{"subtitles":{
                          "zh":[{"url":"http://c/sub?lang=zh&sign=1"}],"en":[{"url":"http://c/sub?lang=en&sign=1"}],
                          "source":[{"url":"https://c/sub?lang=zh&sign=2&t=1"}]}}}}}
                        """, """
                        VIDEO 0 1
                        SUBTITLE 0 en? subtitles.en=http://c/sub?lang=en&sign=1
                        SUBTITLE 1 zh? subtitles.zh=http://c/sub?lang=zh&sign=1
                        """));
    }

    private static List<Arguments> sounds() {
        return List.of(
                argumentSet("a post of original sound expects its sound only", """
                        {"type":"video","images_list":[],"native_voice_info":{"sound_id":"7","url":"http://c/a_0.wav"}}
                        """, "AUDIO 0 7 url=http://c/a_0.wav\n"),
                argumentSet(
                        "the same sound twice is one slot, and music is another",
                        """
                        {"native_voice_info":{"sound_id":"7","url":"http://c/a_0.wav"},
                         "widgets_context":"{\\"note_sound_info\\":{\\"sound_id\\":\\"7\\",\\"url\\":\\"http://c/a_0.wav\\"}}",
                         "simple_music_info":{"url":"http://c/music.mp3?sign=1"}}
                        """,
                        "AUDIO 0 7 url=http://c/a_0.wav\nAUDIO 1 music.mp3? url=http://c/music.mp3?sign=1\n"),
                argumentSet(
                        "sounds without names whose URLs end alike are two",
                        """
                        {"native_voice_info":{"url":"http://c/voice/0.wav"},
                         "widgets_context":"{\\"note_sound_info\\":{\\"url\\":\\"http://c/voice/0.wav\\"}}",
                         "simple_music_info":{"url":"http://c/music/0.wav"}}
                        """,
                        "AUDIO 0 0.wav? url=http://c/voice/0.wav\nAUDIO 1 0.wav? url=http://c/music/0.wav\n"),
                argumentSet(
                        "a name that ends the URL of another sound is another sound",
                        """
                        {"native_voice_info":{"url":"http://c/voice/7"},"simple_music_info":{"id":"7","url":"http://c/music/x"}}
                        """,
                        "AUDIO 0 7? url=http://c/voice/7\nAUDIO 1 7 url=http://c/music/x\n"),
                argumentSet("a sound within the JSON text is found", """
                        {"widgets_context":"{\\"note_sound_info\\":{\\"sound_id\\":\\"7\\",\\"url\\":\\"http://c/a\\"}}"}
                        """, "AUDIO 0 7 url=http://c/a\n"));
    }

    @ParameterizedTest
    @MethodSource("notes")
    void slotsAreThoseOfTheMedia(String note, String expected) {
        assertThat(described(slots(note))).isEqualTo(expected);
    }

    private static String described(List<MediaSlot> slots) {
        return slots.stream()
                .map(slot -> slot + " " + slot.identity() + (slot.named() ? "" : "?")
                        + (slot.notOffered() == null ? "" : " " + slot.notOffered())
                        + slot.candidates().stream()
                                .map(candidate -> " " + candidate.rendition() + "=" + candidate.url())
                                .collect(Collectors.joining()))
                .map(line -> line + "\n")
                .collect(Collectors.joining());
    }

    @Test
    void candidatesPromiseWhatTheirFieldsState() {
        String own = "0123456789abcdef0123456789abcdef";
        String ofTheFilm = "fedcba9876543210fedcba9876543210";

        assertThat(slots("""
                        {"images_list":[{"width":1080,"height":1440,"original":"https://c/1","url":"https://c/2"}]}
                        """).getFirst().candidates())
                .containsExactly(
                        new MediaCandidate("https://c/1", "original", null, 1080, 1440, null),
                        new MediaCandidate("https://c/2", "url", null, null, null, null));
        assertThat(slots("""
                        {"video_info_v2":{"media":{"video":{"md5":"%s"},"stream":{"h264":[{"master_url":"http://c/1","size":7}],
                          "h265":[{"master_url":"http://c/2","md5":"%s","backup_urls":["http://c/3"]}]}}}}
                        """.formatted(ofTheFilm, own)).getFirst().candidates())
                .containsExactly(
                        new MediaCandidate("http://c/2", "h265/master_url", null, null, null, own),
                        new MediaCandidate("http://c/3", "h265/backup_urls[0]", null, null, null, own),
                        new MediaCandidate("http://c/1", "h264/master_url", 7L, null, null, ofTheFilm));
        assertThat(slots("""
                        {"native_voice_info":{"url":"http://c/1","md5sum":"%s"}}
                        """.formatted(own)).getFirst().candidates())
                .containsExactly(new MediaCandidate("http://c/1", "url", null, null, null, own));
    }

    @Test
    void longNamesAreCutAndRemainDistinct() {
        String name = "🍚".repeat(3_000);
        List<MediaSlot> slots = slots("""
                        {"images_list":[{"fileid":"%1$s1"},{"fileid":"%1$s2"},{"fileid":"%1$s1"},
                                        {"url":"https://c/%2$s?sign=1"},{"fileid":"%3$s"},{"fileid":"%3$sn"}]}
                        """.formatted(name, "p".repeat(7_000), "n".repeat(200)));

        assertThat(slots)
                .extracting(MediaSlot::identity)
                .allSatisfy(identity -> assertThat(identity).hasSizeBetween(199, 200));
        assertThat(slots.get(0).identity())
                .isEqualTo(slots.get(2).identity())
                .isNotEqualTo(slots.get(1).identity())
                .matches("🍚{67}~[0-9a-f]{64}");
        assertThat(slots.get(3).identity()).matches("p{135}~[0-9a-f]{64}");
        assertThat(slots.get(4).identity())
                .isEqualTo("n".repeat(200))
                .isNotEqualTo(slots.get(5).identity());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "h265,h264,av1,h266 | 0    | h265[1] h265 h264 av1 h266",
                "h264               | 0    | h264 h265[1] h265 av1 h266",
                "av1,h264           | 0    | av1 h264 h265[1] h265 h266",
                "h265               | 1080 | h265 h264 av1 h266 h265[1]",
                "h265               | 720  | h265 h264 h266 av1 h265[1]",
                "h265,h264          | 500  | h266 h265 h264 av1 h265[1]"
            })
    void streamsAreOrderedByCodecAndSizeWithThoseBeyondTheLimitLast(String codecs, int maxHeight, String expected) {
        String note = """
                {"video_info_v2":{"media":{"video_id":1,"stream":{
                  "h264":[{"master_url":"http://c/1","width":720,"height":1280}],
                  "h265":[{"master_url":"http://c/2","width":720,"height":1280},
                          {"master_url":"http://c/3","width":1440,"height":2560}],
                  "h266":[{"master_url":"http://c/4","width":900,"height":600}],
                  "av1":[{"master_url":"http://c/5","width":1920,"height":1080}]}}}}
                """;

        List<MediaSlot> slots =
                MediaSlots.of(capture(note), null, new StreamPreference(List.of(codecs.split(",")), maxHeight));

        assertThat(slots.getFirst().candidates())
                .extracting(MediaCandidate::variant)
                .containsExactly(expected.split(" "));
    }

    @Test
    void responseForTheVideoHasNothingElse() {
        NoteCapture detail = capture("""
                        {"type":"video","images_list":[{"fileid":"cover","url":"http://c/cover"}],
                         "native_voice_info":{"sound_id":"7","url":"http://c/a"}}
                        """);
        NoteCapture video = capture("""
                        {"type":"video","images_list":[{"fileid":"other","url":"http://c/other"},{"fileid":"more","url":"http://c/m"}],
                         "native_voice_info":{"sound_id":"8","url":"http://c/b"},
                         "video_info_v2":{"media":{"video_id":1,"stream":{"h264":[{"master_url":"http://c/1"}]}}}}
                        """);
        NoteCapture empty = capture("{\"type\":\"video\"}");

        assertThat(described(MediaSlots.of(detail, video, StreamPreference.DEFAULT)))
                .isEqualTo("""
                IMAGE 0 cover url=http://c/cover
                VIDEO 0 1 h264/master_url=http://c/1
                AUDIO 0 7 url=http://c/a
                """);
        assertThat(described(MediaSlots.of(detail, empty, StreamPreference.DEFAULT)))
                .contains("VIDEO 0 ? NOT_OFFERED_BY_V6");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "true  | {\"type\":\"video\",\"images_list\":[{\"fileid\":\"f\"}]}",
                "true  | {\"type\":\"video\",\"video_info_v2\":{\"media\":{\"video_id\":1,\"stream\":{\"h264\":[]}}}}",
                "false | {\"type\":\"video\",\"video_info_v2\":{\"media\":{\"stream\":{\"h264\":[{\"master_url\":\"http://c/1\"}]}}}}",
                "false | {\"type\":\"video\",\"images_list\":[],\"native_voice_info\":{\"url\":\"http://c/a\"}}",
                "false | {\"type\":\"normal\",\"images_list\":[{\"fileid\":\"f\"}]}",
                "false | {\"images_list\":[]}"
            })
    void onlyVideoNoteWithoutStreamLacksItsVideo(boolean lacks, String note) {
        assertThat(MediaSlots.lacksVideo(capture(note))).isEqualTo(lacks);
    }

    /** Values that many files share, or that mean an absent one. */
    static Stream<String> placeholders() {
        return Stream.concat(
                Stream.of("0", "-1", "0.0", "null", "true"),
                Stream.of("0,000,0.00,-0,-1,-,--, ,,null,NULL,Undefined,None,nil,NaN".split(","))
                        .map(text -> '"' + text + '"'));
    }

    @ParameterizedTest
    @MethodSource("placeholders")
    void placeholderIsNoNameAndTheNextSourceCounts(String placeholder) {
        List<MediaSlot> slots = slots("""
                        {"images_list":[{"fileid":%1$s,"trace_id":"t","url":"https://c/a"},
                                        {"fileid":%1$s,"trace_id":%1$s,"url":"https://c/b?sign=1"}],
                         "video_info_v2":{"media":{"video_id":%1$s,"stream":{"h264":[{"master_url":"http://c/x.mp4"}]}}},
                         "native_voice_info":{"sound_id":%1$s,"url":"http://c/voice.wav"},
                         "simple_music_info":{"music_id":%1$s,"id":7,"url":"http://c/music.mp3"}}
                        """.formatted(placeholder));

        assertThat(slots.stream().map(slot -> slot.identity() + (slot.named() ? "" : "?")))
                .containsExactly("t", "b?", "x.mp4?", "voice.wav?", "7");
    }

    @ParameterizedTest
    @ValueSource(strings = {"10", "-2", "0a", "007", "nullable", "空", "../evil"})
    void similarTextIsAName(String name) {
        MediaSlot slot =
                slots("{\"images_list\":[{\"fileid\":\"" + name + "\"}]}").getFirst();

        assertThat(slot.identity()).isEqualTo(name);
        assertThat(slot.named()).isTrue();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "1 | http://c/a/0.wav           | https://c/a/0.wav",
                "1 | http://c/a/0.wav           | https://C/a/0.wav",
                "1 | http://c/a/0.wav           | //c/a/0.wav#x",
                "1 | http://c/a/0.wav?sign=1&t=2 | http://c/a/0.wav?t=3&sign=4",
                "1 | http://c/a/0.wav?sign=1    | http://c/a/0.wav",
                "1 | http://c/a?id=1&sign=1     | http://c/a?id=1&sign=2",
                "1 | http://c/a?sign=1&id=2     | http://c/a?id=2&sign=3",
                "2 | http://c/a?id=1&sign=1     | http://c/a?id=2&sign=1",
                "2 | http://c/a/0.wav           | http://d/a/0.wav",
                "2 | http://c/a/0.wav           | http://c/A/0.wav",
                "2 | http://c/a?type=1          | http://c/a?type=2",
                "2 | http://c?x=/1              | http://c?x=/2",
                "2 | c/a                        | c/b"
            })
    void soundsWithoutNamesAreTheSameIfTheirUrlsAre(int sounds, String a, String b) {
        assertThat(slots("""
                                {"native_voice_info":{"url":"%s"},"simple_music_info":{"url":"%s"}}
                                """.formatted(a, b))).hasSize(sounds);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "[]",
                "null",
                "7",
                "\"text\"",
                "{\"images_list\":null}",
                "{\"images_list\":[]}",
                "{\"images_list\":{}}",
                "{\"images_list\":[null,7,\"x\",[]]}",
                "{\"native_voice_info\":null}",
                "{\"native_voice_info\":{\"name\":\"配乐\"}}",
                "{\"native_voice_info\":{\"url\":\"\"}}",
                "{\"native_voice_info\":{\"url\":7}}",
                "{\"widgets_context\":\"{not json\"}",
                "{\"widgets_context\":\"null\"}",
                "{\"widgets_context\":\"[]\"}",
                "{\"widgets_context\":{}}",
                "{\"type\":7}",
                "{\"type\":\"video\",\"images_list\":[],\"native_voice_info\":{\"url\":\"http://c/a\"},\"video_info_v2\":[]}"
            })
    void textAndUnexpectedShapesPromiseNoPicture(String note) {
        assertThat(slots(note)).allMatch(slot -> slot.kind() == MediaKind.AUDIO);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"master_url\":\"http://c/1.mp4\",\"size\":1.5,\"width\":1.5,\"height\":\"720\"}",
                "{\"master_url\":\"http://c/1.mp4\",\"size\":\"12\",\"width\":null}",
                "{\"master_url\":\"http://c/1.mp4\",\"size\":-1,\"width\":-4,\"height\":0}",
                "{\"master_url\":\"http://c/1.mp4\",\"size\":1e400,\"width\":99999999999999999999,\"height\":1e400}",
                "{\"master_url\":\"http://c/1.mp4\",\"size\":{},\"backup_urls\":{}}",
                "{\"master_url\":\"http://c/1.mp4\",\"backup_urls\":[null,7,\"\",\"http://c/1.mp4\"]}"
            })
    void streamWithImpossibleNumbersKeepsItsUrl(String stream) {
        MediaSlot slot = slots("{\"video_info_v2\":{\"media\":{\"stream\":{\"h264\":[" + stream + "]}}}}")
                .getFirst();

        assertThat(slot.candidates())
                .containsExactly(new MediaCandidate("http://c/1.mp4", "h264/master_url", null, null, null, null));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '`',
            nullValues = "none",
            value = {
                "'url_multi_level':{'low':'l','medium':'m','high':'h'},'url':'u' ~ url_multi_level.medium=m",
                "'url_multi_level':{'low':'l','medium':''},'url':'u'             ~ url_multi_level.low=l",
                "'url':'//c/f?imageView2/2/w/576/format/heif/q/58|imageMogr2&sign=1' "
                        + "~ url as jpg=//c/f?imageView2/2/w/576/format/jpg/q/58|imageMogr2&sign=1",
                "'url':'//c/f?w/576/format/webp/q/58' ~ url=//c/f?w/576/format/webp/q/58",
                "'url':'//c/f?w/576/format/png'       ~ url as jpg=//c/f?w/576/format/jpg",
                "'original':'o','url_multi_level':{'high':'h'} ~ none"
            })
    void previewIsASmallRenditionThatBrowsersDisplay(String image, String expected) {
        List<MediaSlot> previews = MediaSlots.previews(
                capture("{\"images_list\":[null,{\"fileid\":\"f\",%s}]}".formatted(image.replace('\'', '"'))));

        if (expected == null) {
            assertThat(previews).isEmpty();
            return;
        }
        assertThat(previews).hasSize(1);
        MediaSlot preview = previews.getFirst();
        assertThat(preview)
                .returns(MediaKind.PREVIEW, MediaSlot::kind)
                .returns(0, MediaSlot::ordinal)
                .returns("f", MediaSlot::identity);
        MediaCandidate only = preview.candidates().getFirst();
        assertThat(preview.candidates()).hasSize(1);
        assertThat(only.rendition() + "=" + only.url()).isEqualTo(expected);
    }

    @Test
    void textHasNoUrl() {
        MediaSlot slot = slots("{\"images_list\":[{\"url\":\"https://c/a?sign=secret\"}]}")
                .getFirst();

        assertThat(slot.toString() + slot.candidates()).doesNotContain("secret");
    }

    private static List<MediaSlot> slots(String note) {
        return MediaSlots.of(capture(note), null, StreamPreference.DEFAULT);
    }

    private static NoteCapture capture(String note) {
        return new NoteCapture(
                new NoteId("66aa00000000000000000001"),
                1,
                Instant.EPOCH,
                new byte[0],
                MissingNode.getInstance(),
                JsonMapper.builder().build().readTree(note),
                MissingNode.getInstance());
    }
}
