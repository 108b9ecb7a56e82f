"""Fictitious people. The family names are rare on purpose: a log scan must not find them by accident."""

FAMILIES = (
    "Abernethie Ackersfield Almondbury Amberghast Applethwaite Ashgrovery Balcombeth Barnstorff Beaumaris Bellweather Birchwoode "
    "Blackadderly Bonneville Bramblewick Breckinridge Brightwater Broomhalley Calderwoode Camberline Carrowmoore Castlereaghe "
    "Chatterleigh Chesterfielde Cloverdaley Coppersmithe Cranberriot Crosthwaite Cumberlege Dalrympleton Daventryman Deepdalesen "
    "Dinwiddieson Dovecotton Drumlanrigg Eastergaarde Ecclestonby Elderberrien Elphinstoney Everinghame Fairweathers Falconbridge "
    "Fernyhoughs Fetherstone Fiddlewoode Fotheringhay Foxglovesen Gainsborowe Garrisonby Gillingwater Glasscocken Glendenninge "
    "Goldsworthie Grasshopfer Greensmithen Grimthorpen Hackenbusch Halloranson Hammersleigh Harkenwelle Hartlepoole Hawksmoorer "
    "Heatherington Hesselgrave Hollingberry Honeychurche Hornblowere Huckstable Icklefordson Inglethorpe Ironmongere Jabberwocke "
    "Jellicoeman Jorgenfeldt Kettleborough Kilbrandine Kingsbridgey Kirkpatricke Ladybirdson Lamplighter Larkspurren Leatherbarrow "
    "Lightbowneri Lillywhiteson Lockenvaar Longbottome Luxfordshire Macklebergh Maidenheade Marchbanksen Marjoribank Meadowcrofte "
    "Merriweathere Middlemarche Mistlethrupp Moncrieffer Mountstephen Nettlefoldt Nightingalen Northcliffer Oakenshielde Oglethorpen "
    "Ollerenshawe Osbaldestone Otterburnes Pankhurstine Partridgeman Penhaligone Pickersgille Pinkertonsen Plumptreeson Pomfretson "
    "Quackenboss Quarlesworth Rackstrawe Rainscourtes Ramsbottome Ravenscrofte Rosenquister Rumpelstadt Saltonstalle Scattergoode "
    "Shuttleworthe Silverthorne Snodgrassen Sparrowhawke Stapletoncy Stillingfleet Strawbridgen Summerscales Swallowfield Tattersalle "
    "Thistlewoode Throckmorton Tiddlewinker Tolkenhorne Trelawnyson Tumbleweeden Umbervillen Uttermarcke Vandersteene Vavasourley "
    "Waddelowson Wainscottery Wedderburne Whittingtone Widdicombes Winterbournes Wolstenholme Woodthorpen Wriothesley Yarboroughs "
    "Yellowleesen Zouchebury"
).split()

FEMALE = (
    "Adelaidey Anneliesa Araminta Bertildis Birgitta Calliopea Celestina Clementia Concettina Cordelina Dorothean Eglantina Elspethe "
    "Emmelinea Euphemiana Evangelia Florentyna Georgianne Gwendolina Henrietta Hildegarda Isadorabel Josephina Katarzyna Leocadiana "
    "Lucindara Magdalenka Marguerita Melisandea Millicenta Octaviana Ottilieva Perpetuana Petronella Philomena Rosalinda Seraphinae "
    "Sieglinda Theodosia Tryphenia Ursulinea Valentyna Wilhelmina Winifreda Xiomaralis Zenobiana"
).split()

MALE = (
    "Abelardus Algernone Ambrosius Archibaldo Balthasare Barnabasse Benedikter Cadwallade Caspariane Christophe Clarencius Crispinian "
    "Cuthberton Demetriusz Ebenezero Eustachius Evaristode Ferdinando Gottfriede Gustavusen Hieronymus Horatiosen Humphreyson Ignatiusz "
    "Jedediahso Lancelotti Leopoldine Ludovicode Maximillia Montagueson Nathaniele Nicodemuse Ottokarson Peregrines Quentinson "
    "Reginaldus Roderickso Sebastiaan Sigismunde Sylvestero Thelonious Torquillan Valentijne Wenceslass Wolfgangen Zachariasz"
).split()

STREETS = (
    "Larkhollow Lane|Quillfeather Road|Cobblestitch Street|Windlebury Avenue|Tansyfield Drive|Hobgoblin Court|Marrowbone Terrace|"
    "Drizzlecombe Way|Fernwhistle Close|Puddlegate Square"
).split("|")

CITIES = (
    ("Lakeside Falls", "MN", "55990"),
    ("Brackenport", "WI", "54990"),
    ("Ottermere", "MN", "55991"),
    ("Riverside Mills", "IA", "50990"),
)
