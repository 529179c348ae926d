package io.github.notearchive.bench;

import io.github.notearchive.sandbox.SampleParts;
import io.github.notearchive.sandbox.SampleParts.Part;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** The notes of a benchmark and their files, a function of a constant seed. */
final class Work {

    /** Mix of files. */
    enum Kind {
        /**
         * W1: 6 pictures of 200 KB on average (1 to 18, 50 to 800 KB), a fifth of the notes with 1 MB of audio, a
         * twentieth with 8 MB of video.
         */
        W1,
        /** A cover and 80 MB of video each. */
        FILMS,
        /** W1, but each 50th note, the first one included, has a video of 2 GB. */
        GIANTS
    }

    /** Sizes in KB, equally frequent. */
    private static final int[] PICTURES = {50, 55, 65, 80, 95, 110, 125, 140, 155, 170, 190, 215, 245, 290, 415, 800};

    private static final long SEED = 20_261_125L;
    private static final Map<Integer, Served> JPEGS = new HashMap<>();

    /** A file. */
    record File(Served content, long number) {}

    private final Map<String, byte[]> responses = new LinkedHashMap<>();
    private final Map<String, File> files = new HashMap<>();
    private final String origin;
    private final boolean digests;

    private Work(String origin, boolean digests) {
        this.origin = origin;
        this.digests = digests;
    }

    /** Returns the note ids in the order of the worklist. */
    static List<String> ids(int notes) {
        SampleParts parts = new SampleParts(SEED, "http://127.0.0.1:1");
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < notes; i++) {
            ids.add(parts.id(i));
        }
        return ids;
    }

    /** Generates the work; {@code origin} is the origin of all URLs, such as {@code http://127.0.0.1:8080}. */
    static Work of(Kind kind, int notes, String origin) {
        Work work = new Work(origin, kind == Kind.W1);
        SampleParts parts = new SampleParts(SEED, origin);
        Served sound = Served.m4a(1_000_000);
        Served film = Served.mp4(kind == Kind.FILMS ? 80_000_000 : 8_000_000);
        Served giant = Served.mp4(2_000_000_000);
        for (int i = 0; i < notes; i++) {
            SplittableRandom random = new SplittableRandom(SEED * 31 + i);
            int count = kind == Kind.FILMS ? 1 : 1 + (int) (18 * Math.pow(random.nextDouble(), 2.27));
            List<Part> pictures = new ArrayList<>();
            for (int picture = 0; picture < count; picture++) {
                Served jpeg = jpeg(PICTURES[random.nextInt(PICTURES.length)]);
                pictures.add(work.add(
                        i,
                        picture,
                        jpeg,
                        "/1040g008%ssbx0000",
                        "?imageView2/2/w/5000/h/5000/format/jpg/q/56&redImage/frame/0&ap=1&sc=V_ORG"));
            }
            List<Part> sounds = new ArrayList<>();
            if (kind != Kind.FILMS && random.nextInt(5) == 0) {
                sounds.add(work.add(i, 100, sound, "/audio/1/02e9%s_0.m4a", ""));
            }
            List<Part> films = new ArrayList<>();
            if (kind == Kind.GIANTS && i % 50 == 0) {
                films.add(work.add(i, 101, giant, "/stream/1/110/114/01e8%s_114.mp4", ""));
            } else if (kind == Kind.FILMS || random.nextInt(20) == 0) {
                films.add(work.add(i, 101, film, "/stream/1/110/114/01e8%s_114.mp4", ""));
            }
            String id = parts.id(i);
            work.responses.put(id, parts.answer(id, pictures, sounds, films));
        }
        return work;
    }

    private Part add(int note, int place, Served content, String pattern, String query) {
        long number = note * 1000L + place;
        String path = pattern.formatted("%016x".formatted(number));
        files.put(path, new File(content, number));
        boolean sound = path.startsWith("/audio/");
        String name = sound
                ? String.valueOf(1_146_000_000_000_000_000L + number)
                : path.substring(path.lastIndexOf('/') + 1).replaceFirst("_114.mp4$", "");
        return new Part(
                name,
                origin + path + query,
                content.length,
                content.width,
                content.height,
                sound && digests ? content.digest("MD5", number) : "");
    }

    private static Served jpeg(int kilobytes) {
        return JPEGS.computeIfAbsent(kilobytes, size -> Served.jpeg(size * 1000));
    }

    /** Returns the responses by note id. */
    Map<String, byte[]> responses() {
        return responses;
    }

    /** Returns the files by path. */
    Map<String, File> files() {
        return files;
    }
}
