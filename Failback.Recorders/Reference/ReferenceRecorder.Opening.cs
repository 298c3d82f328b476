namespace Failback.Recorders;

/// <summary>What is found in the folder of a reference recorder when it is opened.</summary>
public sealed partial class ReferenceRecorder
{
    private RecorderState LoadState()
    {
        if (File.Exists(StatePath))
        {
            var known = RecorderState.Read(File.ReadAllBytes(StatePath));
            if (known.RecorderId != options.RecorderId)
                throw new InvalidOperationException($"The folder of {options.RecorderId} is another recorder's.");
            state = known;
            RemoveOtherSettings();
            return known;
        }
        if (Directory.Exists(Path.Combine(folder, "packs")))
            ItemStore.RefuseWithout(folder, "state.json");
        var recording = options.InitialRole == LiveRole.Recorder;
        state = new RecorderState
        {
            RecorderId = options.RecorderId,
            Role = options.InitialRole,
            Recording = recording,
        };
        disk.Replace(StatePath, state.ToBytes());
        if (options.InitialSettings is { } bytes)
            StoreSettings(new RecorderSettings(bytes));
        return state;
    }

    private static FileStream Own(string folder)
    {
        try
        {
            return new FileStream(Path.Combine(folder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException taken)
        {
            throw new InvalidOperationException("Another process has this recorder's folder.", taken);
        }
    }
}
