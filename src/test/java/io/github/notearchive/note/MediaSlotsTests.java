package io.github.notearchive.note;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import java.time.Instant;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.MissingNode;

class MediaSlotsTests {

    private static final String CDN = "https://sns-i10.rednotecdn.com/";

    @ParameterizedTest
    @ValueSource(ints = {1, 9, 18})
    void everyPictureIsASlotInTheOrderOfTheAnswer(int count) {
        String images = IntStream.range(0, count)
                .mapToObj(i -> """
                                        {"index":0,"fileid":"1040g%02d","width":1080,"height":1440,"original":"%s1040g%02d?w/5000"}
                                        """.formatted(i, CDN, i))
                .collect(Collectors.joining(","));

        List<MediaSlot> slots = slots("{\"type\":\"normal\",\"images_list\":[" + images + "]}");

        assertThat(slots).hasSize(count).allMatch(slot -> slot.kind() == MediaKind.IMAGE);
        assertThat(slots)
                .extracting(MediaSlot::ordinal)
                .containsExactlyElementsOf(IntStream.range(0, count).boxed().toList());
        assertThat(slots)
                .extracting(MediaSlot::identity)
                .doesNotHaveDuplicates()
                .startsWith("1040g00");
    }

    @Test
    void theAddressesOfAPictureGoFromTheLargestToTheSmallest() {
        MediaSlot slot = only("""
                        {"images_list":[{"fileid":"f","width":1080,"height":1440,
                          "url":"https://c/576?sign=1","url_multi_level":{"low":"https://c/low","medium":"https://c/medium","high":"https://c/high"},
                          "url_size_large":"https://c/large","original":"https://c/5000","url_8k":"https://c/8192"}]}
                        """);

        assertThat(slot.candidates())
                .extracting(MediaCandidate::rendition, MediaCandidate::url)
                .containsExactly(
                        tuple("url_8k", "https://c/8192"),
                        tuple("original", "https://c/5000"),
                        tuple("url_size_large", "https://c/large"),
                        tuple("url_multi_level.high", "https://c/high"),
                        tuple("url", "https://c/576?sign=1"),
                        tuple("url_multi_level.medium", "https://c/medium"),
                        tuple("url_multi_level.low", "https://c/low"));
        assertThat(slot.candidates().get(1).width()).isEqualTo(1080);
        assertThat(slot.candidates().get(1).height()).isEqualTo(1440);
    }

    @Test
    void blankAddressesArePassedOverAndEqualOnesStandOnce() {
        MediaSlot slot = only("""
                        {"images_list":[{"fileid":"f","original":"","url_8k":null,"url_size_large":"https://c/large",
                          "url":"https://c/a","url_multi_level":{"low":"https://c/a","medium":"https://c/a","high":"https://c/a"}}]}
                        """);

        assertThat(slot.candidates())
                .extracting(MediaCandidate::rendition)
                .containsExactly("url_size_large", "url_multi_level.high");
    }

    @Test
    void anAddressIsKeptByteForByteHoweverMalformed() {
        String url = CDN + "f?imageView2/2/w/576/format/heif/q/58|imageMogr2/strip&sign=a%20b";

        MediaSlot slot = only(
                "{\"images_list\":[{\"original\":\"\",\"url\":\""
                        + url
                        + "\"},{\"url\":\"//sns-i10.rednotecdn.com/x\"}]}",
                0);

        assertThat(slot.candidates())
                .singleElement()
                .extracting(MediaCandidate::url)
                .isEqualTo(url);
        assertThat(slot.identity()).isEqualTo("f");
    }

    @Test
    void aPictureWithoutAnyAddressIsStillASlot() {
        MediaSlot slot = only("{\"images_list\":[{\"fileid\":\"f\",\"url\":\"\"}]}");

        assertThat(slot.identity()).isEqualTo("f");
        assertThat(slot.candidates()).isEmpty();
        assertThat(slot.notOffered()).isNull();
    }

    @Test
    void twoPicturesOfOneFileAreTwoSlots() {
        List<MediaSlot> slots = slots("""
                        {"images_list":[{"fileid":"notes_uhdr/1040g","url":"https://c/1"},{"fileid":"notes_uhdr/1040g","url":"https://c/1"},
                                        {"fileid":"../evil","url":"https://c/2"}]}
                        """);

        assertThat(slots)
                .extracting(MediaSlot::ordinal, MediaSlot::identity)
                .containsExactly(tuple(0, "notes_uhdr/1040g"), tuple(1, "notes_uhdr/1040g"), tuple(2, "../evil"));
    }

    @Test
    void longNamesAreCutAndStayApart() {
        String name = "🍚".repeat(3_000);
        List<MediaSlot> slots = slots("""
                        {"images_list":[{"fileid":"%s1","url":"https://c/1"},{"fileid":"%s2","url":"https://c/2"},
                                        {"fileid":"%s1","url":"https://c/3"},{"url":"https://c/%s?sign=1"}]}
                        """.formatted(name, name, name, "p".repeat(7_000)));

        assertThat(slots)
                .extracting(MediaSlot::identity)
                .allSatisfy(identity -> assertThat(identity).hasSizeBetween(199, 200));
        assertThat(slots.get(0).identity()).isEqualTo(slots.get(2).identity());
        assertThat(slots.get(0).identity()).isNotEqualTo(slots.get(1).identity());
        assertThat(slots.get(0).identity()).matches("🍚{67}~[0-9a-f]{64}");
        assertThat(slots.get(3).identity()).matches("p{135}~[0-9a-f]{64}");
    }

    @Test
    void nameOfTwoHundredCharactersStaysAsItIs() {
        String name = "n".repeat(200);

        assertThat(only("{\"images_list\":[{\"fileid\":\"" + name + "\"}]}").identity())
                .isEqualTo(name);
        assertThat(only("{\"images_list\":[{\"fileid\":\"" + name + "n\"}]}").identity())
                .hasSize(200)
                .isNotEqualTo(name);
    }

    @Test
    void theMotionOfALivePhotoStandsBehindItsStillWithTheSameOrdinal() {
        List<MediaSlot> slots = slots("""
                        {"images_list":[{"fileid":"a","url":"https://c/a"},
                          {"fileid":"b","url":"https://c/b","live_photo_file_id":"livephoto/1040g390bbb",
                           "live_photo":{"media":{"video_id":"137833486798426118","stream":{"h264":[],
                             "h265":[{"master_url":"http://sns-v10.rednotecdn.com/stream/x_66.mp4",
                                      "backup_urls":["http://sns-v8.rednotecdn.com/stream/x_66.mp4"],
                                      "size":521172,"duration":2021,"format":"mp4"}],"h266":[],"av1":[]}}}},
                          {"fileid":"c","url":"https://c/c"}]}
                        """);

        assertThat(slots)
                .extracting(MediaSlot::kind, MediaSlot::ordinal, MediaSlot::identity)
                .containsExactly(
                        tuple(MediaKind.IMAGE, 0, "a"),
                        tuple(MediaKind.IMAGE, 1, "b"),
                        tuple(MediaKind.MOTION, 1, "livephoto/1040g390bbb"),
                        tuple(MediaKind.IMAGE, 2, "c"));
        assertThat(slots.get(2).candidates())
                .extracting(MediaCandidate::rendition, MediaCandidate::size)
                .containsExactly(tuple("h265/master_url", 521172L), tuple("h265/backup_urls[0]", 521172L));
    }

    @Test
    void aMotionThatIsOnlyNamedIsAGapThatShows() {
        List<MediaSlot> slots = slots("""
                        {"images_list":[{"fileid":"a","url":"https://c/a","live_photo_file_id":"livephoto/k",
                                         "live_photo":{"media":{"stream":{}}}}]}
                        """);

        assertThat(slots).hasSize(2);
        assertThat(slots.get(1).kind()).isEqualTo(MediaKind.MOTION);
        assertThat(slots.get(1).candidates()).isEmpty();
    }

    @Test
    void aVideoNoteWithoutVideoHasASlotThatSaysThatItIsNotOffered() {
        List<MediaSlot> slots = slots("""
                        {"type":"video","images_list":[{"fileid":"cover","url":"https://c/a"}],
                         "native_voice_info":{"sound_id":"1146","url":"http://c/audio/1/02e9_0.wav",
                                              "md5sum":"00112233445566778899aabbccddeeff","duration":46250}}
                        """);

        assertThat(slots)
                .extracting(MediaSlot::kind, MediaSlot::identity, MediaSlot::notOffered)
                .containsExactly(
                        tuple(MediaKind.IMAGE, "cover", null),
                        tuple(MediaKind.VIDEO, "", MediaSlots.NOT_OFFERED_BY_V1),
                        tuple(MediaKind.AUDIO, "1146", null));
        assertThat(slots.get(2).candidates().getFirst().md5()).isEqualTo("00112233445566778899aabbccddeeff");
    }

    @Test
    void theStreamsOfAVideoGoByPixelsAndEachIsFollowedByItsOtherAddresses() {
        MediaSlot slot = only("""
                        {"type":"video","video_info_v2":{"capa":{"duration":61},"media":{"video_id":137728697860969105,
                          "stream":{"h264":[{"master_url":"http://c/258.mp4","backup_urls":["http://c/258.mp4","http://d/258.mp4"],
                                             "width":1280,"height":720,"size":15534880,"default_stream":0}],
                                    "h265":[{"master_url":"http://c/114.mp4","width":1280,"height":720,"default_stream":1},
                                            {"master_url":"http://c/115.mp4","width":2560,"height":1440,"quality_type":"2K"}],
                                    "h266":[],"av1":[]}}}}
                        """);

        assertThat(slot.kind()).isEqualTo(MediaKind.VIDEO);
        assertThat(slot.identity()).isEqualTo("137728697860969105");
        assertThat(slot.notOffered()).isNull();
        assertThat(slot.candidates())
                .extracting(MediaCandidate::rendition, MediaCandidate::url)
                .containsExactly(
                        tuple("h265[1]/master_url", "http://c/115.mp4"),
                        tuple("h265/master_url", "http://c/114.mp4"),
                        tuple("h264/master_url", "http://c/258.mp4"),
                        tuple("h264/backup_urls[1]", "http://d/258.mp4"));
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
    void streamsGoByCodecAndThenBySizeAndThoseBeyondTheLimitComeLast(String codecs, int maxHeight, String expected) {
        String note = """
                {"video_info_v2":{"media":{"video_id":1,"stream":{
                  "h264":[{"master_url":"http://c/1","width":720,"height":1280}],
                  "h265":[{"master_url":"http://c/2","width":720,"height":1280},
                          {"master_url":"http://c/3","width":1440,"height":2560}],
                  "h266":[{"master_url":"http://c/4","width":900,"height":600}],
                  "av1":[{"master_url":"http://c/5","width":1920,"height":1080}]}}}}
                """;

        List<MediaSlot> slots = slots(note, new StreamPreference(List.of(codecs.split(",")), maxHeight));

        assertThat(slots.getFirst().candidates())
                .extracting(MediaCandidate::variant)
                .containsExactly(expected.split(" "));
    }

    @Test
    void largerFileComesFirstWherePicturesAreEquallyLarge() {
        MediaSlot slot = only("""
                        {"video_info_v2":{"media":{"stream":{"h265":[
                          {"master_url":"http://c/1","width":720,"height":1280,"size":10},
                          {"master_url":"http://c/2","width":720,"height":1280,"size":20}]}}}}
                        """);

        assertThat(slot.candidates()).extracting(MediaCandidate::url).containsExactly("http://c/2", "http://c/1");
    }

    @Test
    void streamPromisesItsOwnMd5OrElseThatOfTheFilm() {
        String own = "0123456789abcdef0123456789abcdef";
        String ofTheFilm = "fedcba9876543210fedcba9876543210";
        MediaSlot slot = only("""
                        {"video_info_v2":{"media":{"video":{"md5":"%s"},"stream":{
                          "h264":[{"master_url":"http://c/1"}],"h265":[{"master_url":"http://c/2","md5":"%s"}]}}}}
                        """.formatted(ofTheFilm, own));

        assertThat(slot.candidates()).extracting(MediaCandidate::md5).containsExactly(own, ofTheFilm);
    }

    @Test
    void subtitlesAreASlotForEachLanguageWhateverTheOrderOfTheKeys() {
        List<MediaSlot> slots = slots("""
                        {"video_info_v2":{"media":{"video_id":1,"video":{"subtitles":{
                          "zh-CN":[{"url":"http://c/zh.srt?sign=2"}],
                          "source":[{"url":"http://c/zh.srt?sign=1"}],
                          "en-US":[{"url":"http://c/en.vtt"},{"url":""},{"url":"http://c/en2.vtt"},null,7],
                          "fr":{},"de":null}}}}}
                        """);

        assertThat(slots)
                .extracting(MediaSlot::kind, MediaSlot::ordinal, MediaSlot::identity)
                .containsExactly(
                        tuple(MediaKind.VIDEO, 0, "1"),
                        tuple(MediaKind.SUBTITLE, 0, "en-US"),
                        tuple(MediaKind.SUBTITLE, 1, "en-US[2]"),
                        tuple(MediaKind.SUBTITLE, 2, "zh-CN"));
        assertThat(slots.getLast().named()).as("a name of one file only").isFalse();
        assertThat(slots.getLast().candidates())
                .extracting(MediaCandidate::rendition, MediaCandidate::url)
                .containsExactly(tuple("subtitles.zh-CN", "http://c/zh.srt?sign=2"));
    }

    @Test
    void answerBoughtForTheVideoGivesTheVideoAndNothingElse() {
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

        assertThat(MediaSlots.of(detail, video, StreamPreference.DEFAULT))
                .extracting(MediaSlot::kind, MediaSlot::identity, MediaSlot::notOffered)
                .containsExactly(
                        tuple(MediaKind.IMAGE, "cover", null),
                        tuple(MediaKind.VIDEO, "1", null),
                        tuple(MediaKind.AUDIO, "7", null));
        assertThat(MediaSlots.of(detail, empty, StreamPreference.DEFAULT).get(1).notOffered())
                .isEqualTo("NOT_OFFERED_BY_V6");
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
    void onlyANoteOfTypeVideoWithoutAStreamLacksItsVideo(boolean lacks, String note) {
        assertThat(MediaSlots.lacksVideo(capture(note))).isEqualTo(lacks);
    }

    @Test
    void anOriginalSoundPostExpectsItsSoundOnly() {
        MediaSlot slot = only("""
                        {"type":"video","images_list":[],"native_voice_info":{"sound_id":"7","url":"http://c/a_0.wav"}}
                        """);

        assertThat(slot.kind()).isEqualTo(MediaKind.AUDIO);
    }

    @Test
    void theSameSoundTwiceIsOneSlotAndMusicIsAnother() {
        List<MediaSlot> slots = slots("""
                        {"native_voice_info":{"sound_id":"7","url":"http://c/a_0.wav"},
                         "widgets_context":"{\\"note_sound_info\\":{\\"sound_id\\":\\"7\\",\\"url\\":\\"http://c/a_0.wav\\"}}",
                         "simple_music_info":{"url":"http://c/music.mp3?sign=1"}}
                        """);

        assertThat(slots)
                .extracting(MediaSlot::kind, MediaSlot::ordinal, MediaSlot::identity)
                .containsExactly(tuple(MediaKind.AUDIO, 0, "7"), tuple(MediaKind.AUDIO, 1, "music.mp3"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0",
                "-1",
                "0.0",
                "\"0\"",
                "\"000\"",
                "\"0.00\"",
                "\"-0\"",
                "\"-1\"",
                "\"-\"",
                "\"--\"",
                "\" \"",
                "\"\"",
                "\"null\"",
                "\"NULL\"",
                "\"Undefined\"",
                "\"None\"",
                "\"nil\"",
                "\"NaN\"",
                "null",
                "true"
            })
    void placeholderIsNoNameSoThatTheNextSourceOfOneCounts(String placeholder) {
        List<MediaSlot> slots = slots("""
                        {"images_list":[{"fileid":%1$s,"trace_id":"t","url":"https://c/a"},
                                        {"fileid":%1$s,"trace_id":%1$s,"url":"https://c/b?sign=1"}],
                         "video_info_v2":{"media":{"video_id":%1$s,"stream":{"h264":[{"master_url":"http://c/x.mp4"}]}}},
                         "native_voice_info":{"sound_id":%1$s,"url":"http://c/voice.wav"},
                         "simple_music_info":{"music_id":%1$s,"id":7,"url":"http://c/music.mp3"}}
                        """.formatted(placeholder));

        assertThat(slots)
                .extracting(MediaSlot::identity, MediaSlot::named)
                .containsExactly(
                        tuple("t", true),
                        tuple("b", false),
                        tuple("x.mp4", false),
                        tuple("voice.wav", false),
                        tuple("7", true));
    }

    @ParameterizedTest
    @ValueSource(strings = {"10", "-2", "0a", "007", "nullable", "空", "../evil"})
    void whatOnlyLooksLikeAPlaceholderIsAName(String name) {
        MediaSlot slot = only("{\"images_list\":[{\"fileid\":\"" + name + "\"}]}");

        assertThat(slot.identity()).isEqualTo(name);
        assertThat(slot.named()).isTrue();
    }

    @Test
    void placeholderAloneIsNoSignOfAVideoOrOfAMotion() {
        assertThat(slots("{\"video_info_v2\":{\"media\":{\"video_id\":0,\"stream\":{}}}}"))
                .isEmpty();
        assertThat(slots("""
                                {"images_list":[{"fileid":"f","live_photo_file_id":"0","live_photo":{"media":{"video_id":0}}}]}
                                """)).extracting(MediaSlot::kind).containsExactly(MediaKind.IMAGE);
    }

    @Test
    void soundsWithoutNamesWhoseAddressesEndAlikeAreTwo() {
        List<MediaSlot> slots = slots("""
                        {"native_voice_info":{"url":"http://c/voice/0.wav"},
                         "widgets_context":"{\\"note_sound_info\\":{\\"url\\":\\"http://c/voice/0.wav\\"}}",
                         "simple_music_info":{"url":"http://c/music/0.wav"}}
                        """);

        assertThat(slots)
                .extracting(MediaSlot::kind, MediaSlot::ordinal, MediaSlot::identity)
                .containsExactly(tuple(MediaKind.AUDIO, 0, "0.wav"), tuple(MediaKind.AUDIO, 1, "0.wav"));
    }

    @Test
    void soundWhoseNameIsTheLastPartOfAnothersAddressIsAnotherSound() {
        List<MediaSlot> slots = slots("""
                        {"native_voice_info":{"url":"http://c/voice/7"},
                         "simple_music_info":{"id":"7","url":"http://c/music/x"}}
                        """);

        assertThat(slots).extracting(MediaSlot::ordinal).containsExactly(0, 1);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "1 | http://c/a/0.wav           | https://C/a/0.wav",
                "1 | http://c/a/0.wav           | //c/a/0.wav#x",
                "1 | http://c/a/0.wav?sign=1&t=2 | http://c/a/0.wav?t=3&sign=4",
                "1 | http://c/a/0.wav?sign=1    | http://c/a/0.wav",
                "1 | http://c/a?id=1&sign=1     | http://c/a?id=1&sign=2",
                "2 | http://c/a?id=1&sign=1     | http://c/a?id=2&sign=1",
                "2 | http://c/a/0.wav           | http://d/a/0.wav",
                "2 | http://c/a/0.wav           | http://c/A/0.wav",
                "2 | http://c/a?type=1          | http://c/a?type=2",
                "2 | http://c?x=/1              | http://c?x=/2",
                "2 | c/a                        | c/b"
            })
    void soundsWithoutNamesAreTheSameWhereTheirAddressesAre(int sounds, String a, String b) {
        assertThat(slots("""
                                {"native_voice_info":{"url":"%s"},"simple_music_info":{"url":"%s"}}
                                """.formatted(a, b))).hasSize(sounds);
    }

    @Test
    void languageThatIsNoNameOfOneGoesByItsNumber() {
        List<MediaSlot> slots = slots("""
                        {"video_info_v2":{"media":{"video_id":1,"video":{"subtitles":{
                          "zh\\u0000":[{"url":"http://c/a.srt"},{"url":"http://c/b.srt"}],"":[{"url":"http://c/c.srt"}],
                          "zh\\ud83d":[{"url":"http://c/d.srt"}],"%s":[{"url":"http://c/e.srt"}],
                          "zh_Hant-TW":[{"url":"http://c/f.srt"}]}}}}}
                        """.formatted("x".repeat(21)));

        assertThat(slots.subList(1, slots.size()))
                .extracting(
                        MediaSlot::ordinal,
                        MediaSlot::identity,
                        slot -> slot.candidates().getFirst().rendition(),
                        slot -> slot.candidates().getFirst().url())
                .containsExactly(
                        tuple(0, "#0", "subtitles.#0", "http://c/c.srt"),
                        tuple(1, "#1", "subtitles.#1", "http://c/e.srt"),
                        tuple(2, "#2", "subtitles.#2", "http://c/a.srt"),
                        tuple(3, "#2[1]", "subtitles.#2[1]", "http://c/b.srt"),
                        tuple(4, "zh_Hant-TW", "subtitles.zh_Hant-TW", "http://c/f.srt"),
                        tuple(5, "#4", "subtitles.#4", "http://c/d.srt"));
    }

    @Test
    void subtitlesThatOnlyTheQueryTellsApartAreTwo() {
        List<MediaSlot> slots = slots("""
                        {"video_info_v2":{"media":{"video_id":1,"video":{"subtitles":{
                          "zh":[{"url":"http://c/sub?lang=zh&sign=1"}],"en":[{"url":"http://c/sub?lang=en&sign=1"}],
                          "source":[{"url":"https://c/sub?lang=zh&sign=2&t=1"}]}}}}}
                        """);

        assertThat(slots)
                .extracting(MediaSlot::kind, MediaSlot::ordinal, MediaSlot::identity)
                .containsExactly(
                        tuple(MediaKind.VIDEO, 0, "1"),
                        tuple(MediaKind.SUBTITLE, 0, "en"),
                        tuple(MediaKind.SUBTITLE, 1, "zh"));
    }

    @Test
    void aSoundThatStandsInTheTextWithinTheAnswerOnlyIsFoundToo() {
        MediaSlot slot = only("""
                        {"widgets_context":"{\\"note_sound_info\\":{\\"sound_id\\":\\"7\\",\\"url\\":\\"http://c/a\\"}}"}
                        """);

        assertThat(slot.identity()).isEqualTo("7");
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
    void textAloneAndOddShapesPromiseNoPicture(String note) {
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
    void aStreamWithOddNumbersKeepsItsAddressAndPromisesNothing(String stream) {
        MediaSlot slot = only("{\"video_info_v2\":{\"media\":{\"stream\":{\"h264\":[" + stream + "]}}}}");

        assertThat(slot.candidates())
                .containsExactly(new MediaCandidate("http://c/1.mp4", "h264/master_url", null, null, null, null));
    }

    @Test
    void slotsAndCandidatesPrintWithoutTheirAddresses() {
        MediaSlot slot = only("{\"images_list\":[{\"url\":\"https://c/a?sign=secret\"}]}");

        assertThat(slot.toString() + slot.candidates()).doesNotContain("secret");
    }

    private static MediaSlot only(String note) {
        List<MediaSlot> slots = slots(note);
        assertThat(slots).hasSize(1);
        return slots.getFirst();
    }

    private static MediaSlot only(String note, int index) {
        return slots(note).get(index);
    }

    private static List<MediaSlot> slots(String note) {
        return slots(note, StreamPreference.DEFAULT);
    }

    private static List<MediaSlot> slots(String note, StreamPreference preference) {
        return MediaSlots.of(capture(note), null, preference);
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
