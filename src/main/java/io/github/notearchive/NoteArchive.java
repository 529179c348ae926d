package io.github.notearchive;

/** The program. */
public final class NoteArchive {

    private NoteArchive() {}

    public static void main(String[] args) {}
}
