package io.github.notearchive.sandbox;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.random.RandomGenerator;

/** Subtitles that can be shown, of about the size that was asked for. No two are equal. */
final class Words {

    private static final List<String> SPOKEN = List.of("今天我们来练习。", "先把水烧开。", "等三分钟就好。", "谢谢大家，下次再见。");

    private Words() {}

    static byte[] srt(RandomGenerator random, int size) {
        return lines("", ',', random, size);
    }

    static byte[] vtt(RandomGenerator random, int size) {
        return lines("WEBVTT\n\n", '.', random, size);
    }

    private static byte[] lines(String head, char point, RandomGenerator random, int size) {
        StringBuilder words = new StringBuilder(head);
        int second = 0;
        do {
            int next = second + 1 + random.nextInt(3);
            words.append(second + 1).append('\n');
            words.append(time(second, point, random.nextInt(1000))).append(" --> ");
            words.append(time(next, point, 0)).append('\n');
            words.append(SPOKEN.get(random.nextInt(SPOKEN.size()))).append("\n\n");
            second = next;
        } while (words.length() < size / 3);
        return words.toString().getBytes(StandardCharsets.UTF_8);
    }

    private static String time(int second, char point, int milliseconds) {
        return "%02d:%02d:%02d%c%03d".formatted(second / 3600, second / 60 % 60, second % 60, point, milliseconds);
    }
}
