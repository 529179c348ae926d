package io.github.notearchive.bench;
public class PeerTry { public static void main(String[] a){ try (Servers s = Servers.start()) { int n=Integer.parseInt(a[0]);
 java.util.List<Peer> all = new java.util.ArrayList<>(Peer.all()); all.add(0, Peer.floor());
 for (Peer p: all) { if (a.length>1 && !p.name().contains(a[1])) continue; if(!p.isInstalled()) {System.out.println(p.name()+" missing");continue;}
 double before=s.serverSeconds(); Peer.Run r = p.run(s, (int)(n*p.share()), a.length>2?a[2]:"", false);
 System.out.printf("%-40s n=%d exit=%d %.1f/s cpu %.2f rss %.0f files %d servers %.2f %s%n", p.name(), r.notes(), r.exitCode(), r.notesPerSecond(), r.cpuMillisPerNote(), r.peakMegabytes(), r.files(), (s.serverSeconds()-before)*1000/r.notes(), r.stored()); } } } }
