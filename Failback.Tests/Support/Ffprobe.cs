using System.Diagnostics;

namespace Failback.Tests;

/// <summary>Asks ffprobe, a program that knows nothing of us, what a recording is.</summary>
internal static class Ffprobe
{
    /// <summary>Codec and packet count of the first stream, for example <c>h264,25</c>.</summary>
    public static async Task<string> StreamAsync(byte[] recording)
    {
        using var folder = new TempFolder();
        var file = folder.File("recording.mp4");
        await File.WriteAllBytesAsync(file, recording);
        var start = new ProcessStartInfo(
            "ffprobe",
            ["-v", "error", "-count_packets", "-show_entries", "stream=codec_name,nb_read_packets", "-of", "csv=p=0", file]
        )
        {
            RedirectStandardOutput = true,
        };
        using var ffprobe = Process.Start(start) ?? throw new InvalidOperationException("ffprobe did not start.");
        var answer = await ffprobe.StandardOutput.ReadToEndAsync();
        await ffprobe.WaitForExitAsync();
        return answer.Trim();
    }
}
