-- What people ask an archive most, as views; and a search that knows words of one or two characters.

-- ---------------------------------------------------------------------------------------------------------------
-- Search. No part of it depends on the database's collation or on ICU; it wants the encoding UTF8.
-- ---------------------------------------------------------------------------------------------------------------

CREATE FUNCTION search_text(input text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 100
    RETURN translate(lower(translate(normalize(input, NFKC),
                                     E'\u0085\u1680\u2028\u2029\u00ad\u200b\u200c\u200d\u2060\ufe0e\ufe0f\ufeff', '    ') COLLATE "C"),
                     -- TSCharacters of Open Chinese Convert 1.4.1, https://github.com/BYVoid/OpenCC, Apache License 2.0
                     '㑯㑳㑶㓨㘚㜄㜏㠏㥮㩜㩳㩵䁻䃮䊷䋙䋚䋹䋻䍦䎱䙡䜀䝼䥇䥑䥱䦛䦟䯀䰾䱷䱽䲁䲘䴉丟並乾亂亙亞佇佈佔併來侖侶侷俁係俔俠俥俬倀倆倈倉個們倖倫倲偉偑側偵偽傌傑傖傘備傢傭傯傳傴債傷傾僂僅僉僑僕僞僥僨僱價儀儁儂億儈儉儎儐儔儕儘償優儲儷儸儺儻儼兇兌兒兗內兩冊冑冪凈凍凜凱別刪剄則剋剎剗剛剝剮剴創剷劃劄劇劉劊劌劍劏劑劚勁動務勛勝勞勢勩勱勳勵勸勻匭匯匱區協卹卻卽厙厠厤厭厲厴參叄叢吒吳吶呂咼員唄唸問啓啞啟啢喎喚喪喫喬單喲嗆嗇嗊嗎嗚嗩嗶嘆嘍嘓嘔嘖嘗嘜嘩嘮嘯嘰嘵嘸嘽噁噓噚噝噠噥噦噯噲噴噸噹嚀嚇嚌嚐嚕嚙嚥嚦嚨嚮嚲嚳嚴嚶囀囁囂囅囈囉囌囑囪圇國圍園圓圖團垻埡埰執堅堊堖堝堯報場塊塋塏塒塗塚塢塤塵塹墊墜墮墰墳墶墻墾壇壋壎壓壘壙壚壜壞壟壠壢壩壪壯壺壼壽夠夢夥夾奐奧奩奪奬奮奼妝姍姦娛婁婦婭媧媯媰媼媽嫋嫗嫵嫺嫻嫿嬀嬃嬈嬋嬌嬙嬡嬤嬪嬰嬸孃孋孌孫學孿宮寀寢實寧審寫寬寵寶將專尋對導尷屆屍屓屜屢層屨屬岡峯峴島峽崍崑崗崙崢崬嵐嵗嵾嶁嶄嶇嶔嶗嶠嶢嶧嶨嶮嶸嶺嶼嶽巋巒巔巖巰巹帥師帳帶幀幃幓幗幘幟幣幫幬幷幹幾庫廁廂廄廈廎廕廚廝廟廠廡廢廣廩廬廳弒弔弳張強彆彈彌彎彔彙彠彥彫彲彿後徑從徠復徵徹恆恥悅悞悵悶悽惡惱惲惻愛愜愨愴愷愾慄態慍慘慚慟慣慤慪慫慮慳慶慺慼慾憂憊憐憑憒憖憚憤憫憮憲憶懇應懌懍懞懟懣懤懨懲懶懷懸懺懼懾戀戇戔戧戩戰戱戲戶扞拋拚挩挱挾捨捫捱捲掃掄掆掗掙掛採揀揚換揮揯損搖搗搧搵搶摑摜摟摯摳摶摺摻撈撏撐撓撝撟撣撥撫撲撳撻撾撿擁擄擇擊擋擓擔據擠擡擣擬擯擰擱擲擴擷擺擻擼擽擾攄攆攏攔攖攙攛攜攝攢攣攤攪攬敎敓敗敘敵數斂斃斆斕斬斷於旂旣昇時晉晝暈暉暘暢暫曄曆曇曉曏曖曠曨曬書會朧朮東枴柵柺査桿梔梘條梟梲棄棊棖棗棟棡棧棲棶椏椲楊楓楨業極榘榦榪榮榲榿構槍槓槤槧槨槮槳槶槼樁樂樅樑樓標樞樢樣樧樫樳樸樹樺樿橈橋機橢橫檁檉檔檜檟檢檣檮檯檳檸檻櫃櫓櫚櫛櫝櫞櫟櫥櫧櫨櫪櫫櫬櫱櫳櫸櫻欄欅權欏欒欖欞欽歎歐歟歡歲歷歸歿殘殞殤殨殫殭殮殯殰殲殺殻殼毀毆毿氂氈氌氣氫氬氳氾汎汙決沒沖況泝洩洶浹涇涗涼淒淚淥淨淩淪淵淶淺渙減渢渦測渾湊湞湧湯溈準溝溫溮溳溼滄滅滌滎滙滬滯滲滷滸滻滾滿漁漊漚漢漣漬漲漵漸漿潁潑潔潙潚潛潤潯潰潷潿澀澆澇澐澗澠澤澦澩澮澱澾濁濃濄濕濘濚濛濜濟濤濧濫濰濱濺濼濾瀂瀅瀆瀇瀉瀋瀏瀕瀘瀝瀟瀠瀦瀧瀨瀰瀲瀾灃灄灑灕灘灝灡灣灤灧灩災為烏烴無煉煒煙煢煥煩煬煱熅熒熗熱熲熾燁燈燉燒燙燜營燦燬燭燴燶燻燼燾爍爐爛爭爲爺爾牀牆牘牴牽犖犛犢犧狀狹狽猙猶猻獁獃獄獅獎獨獪獫獮獰獱獲獵獷獸獺獻獼玀現琱琺琿瑋瑒瑣瑤瑩瑪瑲璉璡璣璦璫璯環璵璸璽璿瓊瓏瓔瓚甌甕產産畝畢畫異畵當疇疊痙痠痾瘂瘋瘍瘓瘞瘡瘧瘮瘲瘺瘻療癆癇癉癒癘癟癡癢癤癥癧癩癬癭癮癰癱癲發皁皚皰皸皺盃盜盞盡監盤盧盪眞眥眾睏睜睞瞘瞜瞞瞶瞼矇矓矚矯硃硜硤硨硯碕碩碭碸確碼碽磑磚磠磣磧磯磽磾礄礎礙礦礪礫礬礱祕祿禍禎禕禡禦禪禮禰禱禿秈稅稈稏稜稟種稱穀穇穌積穎穠穡穢穩穫穭窩窪窮窯窵窶窺竄竅竇竈竊竪競筆筍筧筴箇箋箏箚節範築篋篔篠篤篩篳簀簍簑簞簡簣簫簹簽簾籃籌籔籙籛籜籟籠籤籩籪籬籮籲粵糉糝糞糧糰糲糴糶糹糾紀紂約紅紆紇紈紉紋納紐紓純紕紖紗紘紙級紛紜紝紡紬紮細紱紲紳紵紹紺紼紿絀終絃組絅絆絎結絕絛絝絞絡絢給絨絰統絲絳絶絹綁綃綆綈綉綌綏綐綑經綜綞綠綢綣綫綬維綯綰綱網綳綴綵綸綹綺綻綽綾綿緄緇緊緋緑緒緓緔緗緘緙線緝緞締緡緣緦編緩緬緯緱緲練緶緹緻緼縈縉縊縋縐縑縕縗縛縝縞縟縣縧縫縭縮縱縲縳縴縵縶縷縹總績繃繅繆繒織繕繚繞繡繢繩繪繫繭繮繯繰繳繸繹繼繽繾繿纇纈纊續纍纏纓纔纖纘纜缽罃罈罌罎罰罵罷羅羆羈羋羣羥羨義羶習翫翬翹翽耬耮聖聞聯聰聲聳聵聶職聹聽聾肅脅脈脛脣脩脫脹腎腖腡腦腫腳腸膃膕膚膞膠膩膽膾膿臉臍臏臘臚臟臠臢臥臨臺與興舉舊舖舘艙艤艦艫艱艷芻苧茲荊莊莖莢莧華菴菸萇萊萬萴萵葉葒葤葦葯葷蒐蒓蒔蒕蒞蒼蓀蓆蓋蓮蓯蓴蓽蔔蔘蔞蔣蔥蔦蔭蕁蕆蕎蕒蕓蕕蕘蕢蕩蕪蕭蕷薀薈薊薌薑薔薘薟薦薩薳薴薵薹薺藍藎藝藥藪藭藴藶藹藺蘀蘄蘆蘇蘊蘋蘚蘞蘢蘭蘺蘿虆處虛虜號虧虯蛺蛻蜆蝕蝟蝦蝨蝸螄螞螢螮螻螿蟄蟈蟎蟣蟬蟯蟲蟶蟻蠁蠅蠆蠍蠐蠑蠔蠟蠣蠨蠱蠶蠻衆衊術衕衚衛衝袞袷裊裏補裝裡製複褌褘褲褳褸褻襇襉襏襖襝襠襤襪襬襯襲襴覈見覎規覓視覘覡覥覦親覬覯覲覷覺覽覿觀觴觶觸訁訂訃計訊訌討訐訒訓訕訖託記訛訝訟訢訣訥訩訪設許訴訶診註証詁詆詎詐詒詔評詖詗詘詛詞詠詡詢詣試詩詫詬詭詮詰話該詳詵詼詿誄誅誆誇誌認誑誒誕誘誚語誠誡誣誤誥誦誨說説誰課誶誹誼誾調諂諄談諉請諍諏諑諒論諗諛諜諝諞諡諢諤諦諧諫諭諮諱諳諶諷諸諺諼諾謀謁謂謄謅謊謎謐謔謖謗謙謚講謝謠謡謨謫謬謭謳謹謾譁證譎譏譖識譙譚譜譟譫譭譯議譴護譸譽譾讀讅變讋讌讎讒讓讕讖讚讜讞谿豈豎豐豔豬豶貍貓貙貝貞貟負財貢貧貨販貪貫責貯貰貲貳貴貶買貸貺費貼貽貿賀賁賂賃賄賅資賈賊賑賒賓賕賙賚賜賞賠賡賢賣賤賦賧質賫賬賭賰賴賵賺賻購賽賾贄贅贇贈贊贋贍贏贐贓贔贖贗贛贜赬趕趙趨趲跡踐踰踴蹌蹕蹟蹠蹣蹤蹺躂躉躊躋躍躎躑躒躓躕躚躡躥躦躪軀車軋軌軍軑軒軔軛軟軤軫軲軸軹軺軻軼軾較輅輇輈載輊輒輓輔輕輛輜輝輞輟輥輦輩輪輬輯輳輸輻輼輾輿轀轂轄轅轆轉轍轎轔轟轡轢轤辦辭辮辯農迴逕這連週進遊運過達違遙遜遞遠遡適遲遶遷選遺遼邁還邇邊邏邐郟郵鄆鄉鄒鄔鄖鄧鄭鄰鄲鄴鄶鄺酇酈醃醖醜醞醟醣醫醬醱釀釁釃釅釋釐釒釓釔釕釗釘釙針釣釤釦釧釩釵釷釹釺釾鈀鈁鈃鈄鈅鈈鈉鈍鈎鈐鈑鈒鈔鈕鈞鈡鈣鈥鈦鈧鈮鈰鈳鈴鈷鈸鈹鈺鈽鈾鈿鉀鉅鉆鉈鉉鉋鉍鉑鉕鉗鉚鉛鉞鉢鉤鉦鉬鉭鉳鉶鉸鉺鉻鉿銀銃銅銍銑銓銖銘銚銛銜銠銣銥銦銨銩銪銫銬銱銳銷銹銻銼鋁鋃鋅鋇鋌鋏鋒鋙鋝鋟鋣鋤鋥鋦鋨鋩鋪鋭鋮鋯鋰鋱鋶鋸鋼錁錄錆錇錈錏錐錒錕錘錙錚錛錟錠錡錢錦錨錩錫錮錯録錳錶錸錼鍀鍁鍃鍅鍆鍇鍈鍊鍋鍍鍔鍘鍚鍛鍠鍤鍥鍩鍬鍰鍵鍶鍺鍼鍾鎂鎄鎇鎊鎌鎔鎖鎘鎚鎛鎡鎢鎣鎦鎧鎩鎪鎬鎭鎮鎰鎲鎳鎵鎶鎸鎿鏃鏇鏈鏌鏍鏐鏑鏗鏘鏜鏝鏞鏟鏡鏢鏤鏨鏰鏵鏷鏹鏺鏽鐃鐋鐐鐒鐓鐔鐘鐙鐝鐠鐥鐦鐧鐨鐫鐮鐯鐲鐳鐵鐶鐸鐺鐿鑄鑊鑌鑑鑒鑔鑕鑞鑠鑣鑥鑭鑰鑱鑲鑷鑹鑼鑽鑾鑿钁钂長門閂閃閆閈閉開閌閎閏閑閒間閔閘閡閣閤閥閨閩閫閬閭閱閲閶閹閻閼閽閾閿闃闆闇闈闊闋闌闍闐闒闓闔闕闖關闞闠闡闢闤闥陘陝陞陣陰陳陸陽隉隊階隕際隨險隯隱隴隸隻雋雖雙雛雜雞離難雲電霑霢霧霽靂靄靆靈靉靚靜靝靦靨鞏鞝鞦鞽韁韃韆韉韋韌韍韓韙韜韝韞韻響頁頂頃項順頇須頊頌頎頏預頑頒頓頗領頜頡頤頦頭頮頰頲頴頷頸頹頻頽顆題額顎顏顒顓顔願顙顛類顢顥顧顫顬顯顰顱顳顴風颭颮颯颱颳颶颸颺颻颼飀飄飆飈飛飠飢飣飥飩飪飫飭飯飱飲飴飼飽飾飿餃餄餅餈餉養餌餎餏餑餒餓餕餖餘餚餛餜餞餡館餬餱餳餵餶餷餺餼餾餿饁饃饅饈饉饊饋饌饑饒饗饜饞饢馬馭馮馱馳馴馹駁駐駑駒駔駕駘駙駛駝駟駡駢駭駰駱駸駿騁騂騅騌騍騎騏騖騙騤騧騫騭騮騰騶騷騸騾驀驁驂驃驄驅驊驌驍驏驕驗驚驛驟驢驤驥驦驪驫骯髏髒體髕髖髮鬆鬍鬚鬢鬥鬧鬨鬩鬮鬱鬹魎魘魚魛魢魨魯魴魷魺鮁鮃鮊鮋鮍鮎鮐鮑鮒鮓鮚鮜鮝鮞鮣鮦鮪鮫鮭鮮鮳鮶鮺鯀鯁鯇鯉鯊鯒鯔鯕鯖鯗鯛鯝鯡鯢鯤鯧鯨鯪鯫鯰鯴鯷鯽鯿鰁鰂鰃鰆鰈鰉鰌鰍鰏鰐鰒鰓鰛鰜鰟鰠鰣鰥鰧鰨鰩鰭鰮鰱鰲鰳鰵鰷鰹鰺鰻鰼鰾鱂鱅鱈鱉鱒鱔鱖鱗鱘鱝鱟鱠鱣鱤鱧鱨鱭鱯鱷鱸鱺鳥鳧鳩鳬鳲鳳鳴鳶鳾鴆鴇鴉鴒鴕鴛鴝鴞鴟鴣鴦鴨鴯鴰鴴鴷鴻鴿鵁鵂鵃鵐鵑鵒鵓鵜鵝鵠鵡鵪鵬鵮鵯鵰鵲鵷鵾鶄鶇鶉鶊鶓鶖鶘鶚鶡鶥鶩鶪鶬鶯鶲鶴鶹鶺鶻鶼鶿鷀鷁鷂鷄鷉鷊鷓鷖鷗鷙鷚鷥鷦鷫鷯鷲鷳鷴鷸鷹鷺鷽鸂鸇鸊鸌鸏鸕鸘鸚鸛鸝鸞鹵鹹鹺鹼鹽麗麥麩麪麫麯麴麵麼麽黃黌點黨黲黴黶黷黽黿鼂鼉鼕鼴齊齋齎齏齒齔齕齗齙齜齟齠齡齣齦齧齪齬齲齶齷龍龎龐龑龔龕龜鿁鿓',
                     '㑔㑇㐹刾㘎㚯㛣㟆㤘㨫㧐擜䀥鿎䌶䌺䌻䌿䌾䍠䎬䙌䜧䞍䦂鿏䥾䦶䦷䯅鲃䲣䲝鳚鳤鹮丢并干乱亘亚伫布占并来仑侣局俣系伣侠伡私伥俩俫仓个们幸伦㑈伟㐽侧侦伪㐷杰伧伞备家佣偬传伛债伤倾偻仅佥侨仆伪侥偾雇价仪俊侬亿侩俭傤傧俦侪尽偿优储俪㑩傩傥俨凶兑儿兖内两册胄幂净冻凛凯别删刭则克刹刬刚剥剐剀创铲划札剧刘刽刿剑㓥剂㔉劲动务勋胜劳势勚劢勋励劝匀匦汇匮区协恤却即厍厕历厌厉厣参叁丛咤吴呐吕呙员呗念问启哑启唡㖞唤丧吃乔单哟呛啬唝吗呜唢哔叹喽啯呕啧尝唛哗唠啸叽哓呒啴恶嘘㖊咝哒哝哕嗳哙喷吨当咛吓哜尝噜啮咽呖咙向亸喾严嘤啭嗫嚣冁呓啰苏嘱囱囵国围园圆图团坝垭采执坚垩垴埚尧报场块茔垲埘涂冢坞埙尘堑垫坠堕坛坟垯墙垦坛垱埙压垒圹垆坛坏垄垅坜坝塆壮壶壸寿够梦伙夹奂奥奁夺奖奋姹妆姗奸娱娄妇娅娲妫㛀媪妈袅妪妩娴娴婳妫媭娆婵娇嫱嫒嬷嫔婴婶娘㛤娈孙学孪宫采寝实宁审写宽宠宝将专寻对导尴届尸屃屉屡层屦属冈峰岘岛峡崃昆岗仑峥岽岚岁㟥嵝崭岖嵚崂峤峣峄峃崄嵘岭屿岳岿峦巅岩巯卺帅师帐带帧帏㡎帼帻帜币帮帱并干几库厕厢厩厦庼荫厨厮庙厂庑废广廪庐厅弑吊弪张强别弹弥弯录汇彟彦雕彨佛后径从徕复征彻恒耻悦悮怅闷凄恶恼恽恻爱惬悫怆恺忾栗态愠惨惭恸惯悫怄怂虑悭庆㥪戚欲忧惫怜凭愦慭惮愤悯怃宪忆恳应怿懔蒙怼懑㤽恹惩懒怀悬忏惧慑恋戆戋戗戬战戯戏户捍抛拼捝挲挟舍扪挨卷扫抡㧏挜挣挂采拣扬换挥搄损摇捣扇揾抢掴掼搂挚抠抟折掺捞挦撑挠㧑挢掸拨抚扑揿挞挝捡拥掳择击挡㧟担据挤抬捣拟摈拧搁掷扩撷摆擞撸㧰扰摅撵拢拦撄搀撺携摄攒挛摊搅揽教敚败叙敌数敛毙敩斓斩断于旗既升时晋昼晕晖旸畅暂晔历昙晓向暧旷昽晒书会胧术东拐栅拐查杆栀枧条枭棁弃棋枨枣栋㭎栈栖梾桠㭏杨枫桢业极矩干杩荣榅桤构枪杠梿椠椁椮桨椢椝桩乐枞梁楼标枢㭤样榝㭴桪朴树桦椫桡桥机椭横檩柽档桧槚检樯梼台槟柠槛柜橹榈栉椟橼栎橱槠栌枥橥榇蘖栊榉樱栏榉权椤栾榄棂钦叹欧欤欢岁历归殁残殒殇㱮殚僵殓殡㱩歼杀壳壳毁殴毵牦毡氇气氢氩氲泛泛污决没冲况溯泄汹浃泾涚凉凄泪渌净凌沦渊涞浅涣减沨涡测浑凑浈涌汤沩准沟温浉涢湿沧灭涤荥汇沪滞渗卤浒浐滚满渔溇沤汉涟渍涨溆渐浆颍泼洁沩㴋潜润浔溃滗涠涩浇涝沄涧渑泽滪泶浍淀㳠浊浓㳡湿泞溁蒙浕济涛㳔滥潍滨溅泺滤澛滢渎㲿泻沈浏濒泸沥潇潆潴泷濑弥潋澜沣滠洒漓滩灏㳕湾滦滟滟灾为乌烃无炼炜烟茕焕烦炀㶽煴荧炝热颎炽烨灯炖烧烫焖营灿毁烛烩㶶熏烬焘烁炉烂争为爷尔床墙牍抵牵荦牦犊牺状狭狈狰犹狲犸呆狱狮奖独狯猃狝狞㺍获猎犷兽獭献猕猡现雕珐珲玮玚琐瑶莹玛玱琏琎玑瑷珰㻅环玙瑸玺璇琼珑璎瓒瓯瓮产产亩毕画异画当畴叠痉酸疴痖疯疡痪瘗疮疟瘆疭瘘瘘疗痨痫瘅愈疠瘪痴痒疖症疬癞癣瘿瘾痈瘫癫发皂皑疱皲皱杯盗盏尽监盘卢荡真眦众困睁睐眍䁖瞒瞆睑蒙眬瞩矫朱硁硖砗砚埼硕砀砜确码䂵硙砖硵碜碛矶硗䃅硚础碍矿砺砾矾砻秘禄祸祯祎祃御禅礼祢祷秃籼税秆䅉棱禀种称谷䅟稣积颖秾穑秽稳获穞窝洼穷窑窎窭窥窜窍窦灶窃竖竞笔笋笕䇲个笺筝札节范筑箧筼筿笃筛筚箦篓蓑箪简篑箫筜签帘篮筹䉤箓篯箨籁笼签笾簖篱箩吁粤粽糁粪粮团粝籴粜纟纠纪纣约红纡纥纨纫纹纳纽纾纯纰纼纱纮纸级纷纭纴纺䌷扎细绂绁绅纻绍绀绋绐绌终弦组䌹绊绗结绝绦绔绞络绚给绒绖统丝绛绝绢绑绡绠绨绣绤绥䌼捆经综缍绿绸绻线绶维绹绾纲网绷缀彩纶绺绮绽绰绫绵绲缁紧绯绿绪绬绱缃缄缂线缉缎缔缗缘缌编缓缅纬缑缈练缏缇致缊萦缙缢缒绉缣缊缞缚缜缟缛县绦缝缡缩纵缧䌸纤缦絷缕缥总绩绷缫缪缯织缮缭绕绣缋绳绘系茧缰缳缲缴䍁绎继缤缱䍀颣缬纩续累缠缨才纤缵缆钵䓨坛罂坛罚骂罢罗罴羁芈群羟羡义膻习玩翚翘翙耧耢圣闻联聪声耸聩聂职聍听聋肃胁脉胫唇修脱胀肾胨脶脑肿脚肠腽腘肤䏝胶腻胆脍脓脸脐膑腊胪脏脔臜卧临台与兴举旧铺馆舱舣舰舻艰艳刍苎兹荆庄茎荚苋华庵烟苌莱万荝莴叶荭荮苇药荤搜莼莳蒀莅苍荪席盖莲苁莼荜卜参蒌蒋葱茑荫荨蒇荞荬芸莸荛蒉荡芜萧蓣蕰荟蓟芗姜蔷荙莶荐萨䓕苧䓓苔荠蓝荩艺药薮䓖蕴苈蔼蔺萚蕲芦苏蕴苹藓蔹茏兰蓠萝蔂处虚虏号亏虬蛱蜕蚬蚀猬虾虱蜗蛳蚂萤䗖蝼螀蛰蝈螨虮蝉蛲虫蛏蚁蚃蝇虿蝎蛴蝾蚝蜡蛎蟏蛊蚕蛮众蔑术同胡卫冲衮夹袅里补装里制复裈袆裤裢褛亵裥裥袯袄裣裆褴袜摆衬袭襕核见觃规觅视觇觋觍觎亲觊觏觐觑觉览觌观觞觯触讠订讣计讯讧讨讦讱训讪讫托记讹讶讼䜣诀讷讻访设许诉诃诊注证诂诋讵诈诒诏评诐诇诎诅词咏诩询诣试诗诧诟诡诠诘话该详诜诙诖诔诛诓夸志认诳诶诞诱诮语诚诫诬误诰诵诲说说谁课谇诽谊訚调谄谆谈诿请诤诹诼谅论谂谀谍谞谝谥诨谔谛谐谏谕咨讳谙谌讽诸谚谖诺谋谒谓誊诌谎谜谧谑谡谤谦谥讲谢谣谣谟谪谬谫讴谨谩哗证谲讥谮识谯谭谱噪谵毁译议谴护诪誉谫读谉变詟䜩雠谗让谰谶赞谠谳溪岂竖丰艳猪豮狸猫䝙贝贞贠负财贡贫货贩贪贯责贮贳赀贰贵贬买贷贶费贴贻贸贺贲赂赁贿赅资贾贼赈赊宾赇赒赉赐赏赔赓贤卖贱赋赕质赍账赌䞐赖赗赚赙购赛赜贽赘赟赠赞赝赡赢赆赃赑赎赝赣赃赪赶赵趋趱迹践逾踊跄跸迹跖蹒踪跷跶趸踌跻跃䟢踯跞踬蹰跹蹑蹿躜躏躯车轧轨军轪轩轫轭软轷轸轱轴轵轺轲轶轼较辂辁辀载轾辄挽辅轻辆辎辉辋辍辊辇辈轮辌辑辏输辐辒辗舆辒毂辖辕辘转辙轿辚轰辔轹轳办辞辫辩农回径这连周进游运过达违遥逊递远溯适迟绕迁选遗辽迈还迩边逻逦郏邮郓乡邹邬郧邓郑邻郸邺郐邝酂郦腌酝丑酝蒏糖医酱酦酿衅酾酽释厘钅钆钇钌钊钉钋针钓钐扣钏钒钗钍钕钎䥺钯钫钘钭钥钚钠钝钩钤钣钑钞钮钧钟钙钬钛钪铌铈钶铃钴钹铍钰钸铀钿钾巨钻铊铉铇铋铂钷钳铆铅钺钵钩钲钼钽锫铏铰铒铬铪银铳铜铚铣铨铢铭铫铦衔铑铷铱铟铵铥铕铯铐铞锐销锈锑锉铝锒锌钡铤铗锋铻锊锓铘锄锃锔锇铓铺锐铖锆锂铽锍锯钢锞录锖锫锩铔锥锕锟锤锱铮锛锬锭锜钱锦锚锠锡锢错录锰表铼镎锝锨锪钫钔锴锳炼锅镀锷铡钖锻锽锸锲锘锹锾键锶锗针钟镁锿镅镑镰镕锁镉锤镈镃钨蓥镏铠铩锼镐镇镇镒镋镍镓鿔镌镎镞旋链镆镙镠镝铿锵镗镘镛铲镜镖镂錾镚铧镤镪䥽锈铙铴镣铹镦镡钟镫镢镨䦅锎锏镄镌镰䦃镯镭铁镮铎铛镱铸镬镔鉴鉴镲锧镴铄镳镥镧钥镵镶镊镩锣钻銮凿镢镋长门闩闪闫闬闭开闶闳闰闲闲间闵闸阂阁合阀闺闽阃阆闾阅阅阊阉阎阏阍阈阌阒板暗闱阔阕阑阇阗阘闿阖阙闯关阚阓阐辟阛闼陉陕升阵阴陈陆阳陧队阶陨际随险陦隐陇隶只隽虽双雏杂鸡离难云电沾霡雾霁雳霭叇灵叆靓静靔腼靥巩绱秋鞒缰鞑千鞯韦韧韨韩韪韬鞲韫韵响页顶顷项顺顸须顼颂颀颃预顽颁顿颇领颌颉颐颏头颒颊颋颕颔颈颓频颓颗题额颚颜颙颛颜愿颡颠类颟颢顾颤颥显颦颅颞颧风飐飑飒台刮飓飔飏飖飕飗飘飙飚飞饣饥饤饦饨饪饫饬饭飧饮饴饲饱饰饳饺饸饼糍饷养饵饹饻饽馁饿馂饾余肴馄馃饯馅馆糊糇饧喂馉馇馎饩馏馊馌馍馒馐馑馓馈馔饥饶飨餍馋馕马驭冯驮驰驯驲驳驻驽驹驵驾骀驸驶驼驷骂骈骇骃骆骎骏骋骍骓骔骒骑骐骛骗骙䯄骞骘骝腾驺骚骟骡蓦骜骖骠骢驱骅骕骁骣骄验惊驿骤驴骧骥骦骊骉肮髅脏体髌髋发松胡须鬓斗闹哄阋阄郁鬶魉魇鱼鱽鱾鲀鲁鲂鱿鲄鲅鲆鲌鲉鲏鲇鲐鲍鲋鲊鲒鲘鲞鲕䲟鲖鲔鲛鲑鲜鲓鲪鲝鲧鲠鲩鲤鲨鲬鲻鲯鲭鲞鲷鲴鲱鲵鲲鲳鲸鲮鲰鲶鲺鳀鲫鳊鳈鲗鳂䲠鲽鳇䲡鳅鲾鳄鳆鳃鳁鳒鳑鳋鲥鳏䲢鳎鳐鳍鳁鲢鳌鳓鳘鲦鲣鲹鳗鳛鳔鳉鳙鳕鳖鳟鳝鳜鳞鲟鲼鲎鲙鳣鳡鳢鲿鲚鳠鳄鲈鲡鸟凫鸠凫鸤凤鸣鸢䴓鸩鸨鸦鸰鸵鸳鸲鸮鸱鸪鸯鸭鸸鸹鸻䴕鸿鸽䴔鸺鸼鹀鹃鹆鹁鹈鹅鹄鹉鹌鹏鹐鹎雕鹊鹓鹍䴖鸫鹑鹒鹋鹙鹕鹗鹖鹛鹜䴗鸧莺鹟鹤鹠鹡鹘鹣鹚鹚鹢鹞鸡䴘鹝鹧鹥鸥鸷鹨鸶鹪鹔鹩鹫鹇鹇鹬鹰鹭鸴㶉鹯䴙鹱鹲鸬鹴鹦鹳鹂鸾卤咸鹾碱盐丽麦麸面面曲曲面么么黄黉点党黪霉黡黩黾鼋鼌鼍冬鼹齐斋赍齑齿龀龁龂龅龇龃龆龄出龈啮龊龉龋腭龌龙厐庞䶮龚龛龟䜤鿒');

COMMENT ON FUNCTION search_text(text) IS
    'A text as search compares it: NFKC (full-width forms become plain ones), ASCII letters in lower case, traditional characters as simplified ones, every space of Unicode a plain one, without what is invisible (soft hyphens, zero-width spaces and joiners, variation selectors). Other letters keep their case.';

CREATE FUNCTION search_grams(searched text) RETURNS bigint[]
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 1000
    RETURN (SELECT ARRAY(SELECT ascii(a)::bigint FROM unnest(characters) AS one (a) WHERE a > ' ' COLLATE "C")
                || ARRAY(SELECT (ascii(a)::bigint << 21) | ascii(b) FROM unnest(characters, characters[2:]) AS pair (a, b)
                         WHERE a > ' ' COLLATE "C" AND b > ' ' COLLATE "C")
            FROM string_to_array(searched, NULL) AS characters);

COMMENT ON FUNCTION search_grams(text) IS
    'What the index note_search knows of note.search: every character but white space, and every two that stand side by side, as numbers: a code point, or the first of two shifted by 21 bits and the second. Repeated ones are repeated. An index of numbers takes a third less time to write than one of texts.';

CREATE FUNCTION search_words(query text) RETURNS text[]
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path FROM CURRENT
AS $$
DECLARE
    words text[] := array_remove(regexp_split_to_array(search_text(query) COLLATE "C", '[\x01-\x20]+'), '');
BEGIN
    IF coalesce(cardinality(words), 0) = 0 THEN
        RAISE EXCEPTION 'the search text "%" holds no word', query
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Give one character or more; blanks separate words that must all be there.';
    END IF;
    RETURN words;
END
$$;

COMMENT ON FUNCTION search_words(text) IS 'The words of a search text, which blanks separate, as search compares them. Fails when there is none.';

CREATE FUNCTION search_wanted(query text) RETURNS bigint[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ARRAY(SELECT DISTINCT gram
                 FROM unnest(search_words(query)) AS words (word),
                      unnest(search_grams(word)) AS grams (gram)
                 WHERE gram >= 1 << 21 OR char_length(word) = 1);

COMMENT ON FUNCTION search_wanted(text) IS
    'What the index must know of a note that holds every word: each pair of a word''s characters; of a word of one character, that.';

CREATE FUNCTION search_patterns(query text) RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ARRAY(SELECT '%' || replace(replace(replace(word, '\', '\\'), '%', '\%'), '_', '\_') || '%'
                 FROM unnest(search_words(query)) AS words (word));

COMMENT ON FUNCTION search_patterns(text) IS 'Patterns for LIKE, one a word of the search text.';

CREATE FUNCTION search_matches(searched text, query text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN search_grams(searched) @> search_wanted(query) AND searched COLLATE "C" LIKE ALL (search_patterns(query));

COMMENT ON FUNCTION search_matches(text, text) IS
    'Whether the searched text of a note contains every word of the query. SELECT ... FROM note WHERE search_matches(search, ''露营'') uses the index note_search and finds all of them, in no order. The planner puts the function''s body into such a query.';

-- search.
-- A new note brings some 400 keys into the index of search. One by one they cost its writer more than all else that is
-- written of it, and several times the WAL of the rest. In the index's own list of what is to be merged they cost little;
-- each time that list is longer than this, in kB, one note waits until it is merged, the others go on. Searches read the
-- list, too, which in this size cannot be measured (src/docs/benchmarks/questions.md).
CREATE INDEX note_search ON note USING gin (search_grams(search))
    WITH (fastupdate = on, gin_pending_list_limit = 4096);
-- The planner is to take it always; and to compute the pairs of every sample would make ANALYZE slow.
ALTER INDEX note_search ALTER COLUMN 1 SET STATISTICS 0;
-- Index of the words of subtitles; rows without words are not in it.
CREATE INDEX note_media_words ON note_media USING gin (search_grams(words))
    WITH (fastupdate = on, gin_pending_list_limit = 4096) WHERE words IS NOT NULL;
ALTER INDEX note_media_words ALTER COLUMN 1 SET STATISTICS 0;
-- search: the newest first.
CREATE INDEX note_published ON note (published_at DESC NULLS LAST, note_id DESC);
-- Filters by author and topic, and suggestions for the beginning of a name, in either case of ASCII letters. Names may
-- have any length, entries of an index may not.
CREATE INDEX author_nickname ON author (left(lower(nickname COLLATE "C"), 100));
CREATE INDEX author_red_id ON author (left(red_id, 100));
CREATE INDEX note_capture_nickname ON note_capture (left(lower(author_nickname COLLATE "C"), 100), author_id)
    WHERE author_nickname IS NOT NULL;
CREATE INDEX note_topic_lower_name ON note_topic (lower(name COLLATE "C"));
-- Filters such as has:video.
CREATE INDEX note_media_kind ON note_media (kind, note_id) WHERE state = 'STORED' AND kind <> 'IMAGE';

CREATE FUNCTION search_note(query text, max_rows integer DEFAULT 20) RETURNS SETOF note
    LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 20 COST 10000
    SET search_path FROM CURRENT
AS $$
DECLARE
    patterns text[] := search_patterns(query);
    wanted bigint[] := search_wanted(query);
    found text[];
BEGIN
    IF max_rows < 1 THEN
        RAISE EXCEPTION 'max_rows is %, but must be 1 or more, or NULL for all', max_rows
            USING ERRCODE = 'invalid_parameter_value';
    END IF;

    -- A frequent word is among the newest notes often enough. The index would name every note that holds it, and each
    -- would be read before the newest of them are known.
    IF max_rows IS NOT NULL THEN
        found := ARRAY(
            SELECT n.note_id
            FROM (SELECT note_id, search, published_at
                  FROM note
                  ORDER BY published_at DESC NULLS LAST, note_id DESC
                  LIMIT least(50::bigint * max_rows, 5000)) AS n
            WHERE n.search COLLATE "C" LIKE ALL (patterns)
               OR EXISTS (SELECT FROM note_media m
                          WHERE m.note_id = n.note_id AND m.kind = 'SUBTITLE' AND m.words COLLATE "C" LIKE ALL (patterns) OFFSET 0)
            LIMIT max_rows);
    END IF;

    IF cardinality(found) = max_rows THEN
        RETURN QUERY
            SELECT n.*
            FROM unnest(found) AS ids (note_id) JOIN note n USING (note_id)
            ORDER BY n.published_at DESC NULLS LAST, n.note_id DESC;
    ELSE
        RETURN QUERY
            WITH hit AS MATERIALIZED (
                SELECT n.note_id, n.published_at
                FROM note n
                WHERE search_grams(n.search) @> wanted AND n.search COLLATE "C" LIKE ALL (patterns)
                UNION
                SELECT n.note_id, n.published_at
                FROM note_media m JOIN note n USING (note_id)
                WHERE m.words IS NOT NULL AND search_grams(m.words) @> wanted AND m.words COLLATE "C" LIKE ALL (patterns)),
            first AS MATERIALIZED (
                SELECT hit.note_id FROM hit ORDER BY hit.published_at DESC NULLS LAST, hit.note_id DESC LIMIT max_rows)
            SELECT n.*
            FROM first JOIN note n USING (note_id)
            ORDER BY n.published_at DESC NULLS LAST, n.note_id DESC;
    END IF;
END
$$;

COMMENT ON FUNCTION search_note(text, integer) IS
    'The notes that contain every word of the search text in title, text, author''s name or topics, or in one of their subtitles, the newest first; max_rows of them at most (20; NULL: all). Words of any length, one character included.';

-- ---------------------------------------------------------------------------------------------------------------
-- Runs
-- ---------------------------------------------------------------------------------------------------------------

CREATE VIEW run_history AS
SELECT e.job_execution_id,
       e.job_instance_id,
       coalesce((SELECT s.night FROM run_summary s WHERE s.job_execution_id = e.job_execution_id),
                (e.start_time AT TIME ZONE 'UTC' AT TIME ZONE 'Asia/Shanghai')::date) AS night,
       (SELECT p.parameter_value FROM batch_job_execution_params p
        WHERE p.job_execution_id = e.job_execution_id AND p.parameter_name = 'node') AS node,
       e.start_time AS started_at,
       e.end_time AS ended_at,
       e.status,
       e.exit_code,
       nullif(e.exit_message, '') AS exit_message,
       (SELECT sum(s.write_count) FROM batch_step_execution s
        WHERE s.job_execution_id = e.job_execution_id AND s.step_name LIKE 'archiveNotes:w%')::bigint AS notes,
       bill.calls,
       bill.billed,
       bill.maybe_billed,
       (SELECT count(*) FROM worklist w
        WHERE w.state = 'POSTPONED' AND w.settled_by = e.job_execution_id) AS left_postponed,
       (SELECT count(*) FROM worklist w
        WHERE w.state = 'FAILED' AND w.settled_by = e.job_execution_id) AS left_failed,
       CASE WHEN e.job_execution_id = (SELECT max(o.job_execution_id)
                                       FROM batch_job_execution o JOIN batch_job_instance oi USING (job_instance_id)
                                       WHERE oi.job_name = 'archiveNotes')
            THEN (SELECT count(*) FROM worklist w WHERE w.due_at <= now())
       END AS due_now,
       (SELECT p.parameter_value FROM batch_job_execution_params p
        WHERE p.job_execution_id = e.job_execution_id AND p.parameter_name = 'night')::date AS instance_night
FROM batch_job_execution e
JOIN batch_job_instance i USING (job_instance_id)
LEFT JOIN LATERAL (
    SELECT count(*) AS calls,
           count(*) FILTER (WHERE c.billed = 'YES') AS billed,
           count(*) FILTER (WHERE c.billed = 'UNKNOWN') AS maybe_billed
    FROM api_call c
    WHERE c.job_execution_id = e.job_execution_id) AS bill ON true -- is not executed for queries without these columns
WHERE i.job_name = 'archiveNotes';

COMMENT ON VIEW run_history IS
    'How did the last runs end, what did they ask, what is billed, and what is left? One row an execution of archiveNotes; a restart of the same night has the same job_instance_id. Query with ORDER BY job_execution_id DESC LIMIT 10.';
COMMENT ON COLUMN run_history.job_execution_id IS 'The run: batch_job_execution.job_execution_id.';
COMMENT ON COLUMN run_history.job_instance_id IS
    'The night''s work, which several runs may share: batch_job_instance.job_instance_id.';
COMMENT ON COLUMN run_history.night IS
    'The calendar day of Asia/Shanghai in which the run began, as in run_summary, the report and the log. Of a run without a row in run_summary it is the day of started_at, which is in UTC.';
COMMENT ON COLUMN run_history.node IS 'Which machine: archive.node.';
COMMENT ON COLUMN run_history.started_at IS
    'In UTC, without a time zone, as Spring Batch writes it; run_summary.began_at is a timestamptz.';
COMMENT ON COLUMN run_history.ended_at IS
    'In UTC, without a time zone; run_summary.ended_at is a timestamptz. NULL: it runs, or it was killed and no later run has noticed.';
COMMENT ON COLUMN run_history.status IS
    'COMPLETED, STOPPED, FAILED, or while it runs STARTED: Spring Batch''s BatchStatus.';
COMMENT ON COLUMN run_history.exit_code IS
    'COMPLETED, INCOMPLETE, QUOTA_EXHAUSTED ...: the README has them all, with the exit code of the process.';
COMMENT ON COLUMN run_history.exit_message IS 'Why it ended so, for a person to read. NULL: nothing to say.';
COMMENT ON COLUMN run_history.notes IS 'Number of times that a worker settled a note, or released it unchanged.';
COMMENT ON COLUMN run_history.calls IS 'Requests to the provider, of either endpoint.';
COMMENT ON COLUMN run_history.billed IS 'Of the calls, those that are charged.';
COMMENT ON COLUMN run_history.maybe_billed IS 'Of the calls, those with billing unknown: no readable response was received.';
COMMENT ON COLUMN run_history.left_postponed IS 'Notes that this run postponed and that were not settled since.';
COMMENT ON COLUMN run_history.left_failed IS 'Notes that failed permanently in this run and were not settled since.';
COMMENT ON COLUMN run_history.due_now IS
    'In the row of the newest run only: notes that a run would claim now, of all earlier runs. NULL in all other rows.';
COMMENT ON COLUMN run_history.instance_night IS
    'The calendar day of Asia/Shanghai in which the job instance was created: the job parameter night. Earlier than night where a run continues the instance of an earlier night.';

CREATE VIEW quota_stop AS
SELECT g.id,
       (g.closed_at AT TIME ZONE 'Asia/Shanghai')::date AS night,
       g.code,
       g.reason,
       g.job_execution_id,
       g.closed_at,
       g.closed_until,
       bought.billed AS billed_before,
       lifted.sent_at AS lifted_at,
       g.closed_until > now() AS is_closed
FROM source_gate g
CROSS JOIN LATERAL (
    SELECT count(*) AS billed
    FROM api_call c
    WHERE c.sent_at >= date_trunc('day', g.closed_at AT TIME ZONE 'Asia/Shanghai') AT TIME ZONE 'Asia/Shanghai'
      AND c.sent_at < g.closed_at
      AND c.billed = 'YES') AS bought
LEFT JOIN LATERAL (
    SELECT c.sent_at
    FROM api_call c
    WHERE c.sent_at > g.closed_at AND c.code = 0
    ORDER BY c.sent_at
    LIMIT 1) AS lifted ON true;

COMMENT ON VIEW quota_stop IS
    'When did the provider end a night with code 303, after how many responses, and when did it deliver again? One row for each time the gate closed; our own nightly limit closes none, see run_history.exit_message.';
COMMENT ON COLUMN quota_stop.id IS 'source_gate.id: numbered in the order of closing.';
COMMENT ON COLUMN quota_stop.night IS 'The calendar day of Asia/Shanghai, by which the provider counts.';
COMMENT ON COLUMN quota_stop.code IS 'The provider''s code that closed it: 303.';
COMMENT ON COLUMN quota_stop.reason IS 'What was used up, for a person to read.';
COMMENT ON COLUMN quota_stop.job_execution_id IS 'The run that met it: run_history.job_execution_id.';
COMMENT ON COLUMN quota_stop.closed_at IS 'When the code was met.';
COMMENT ON COLUMN quota_stop.closed_until IS
    'The next 00:00 of Asia/Shanghai: before it no run makes a call, except with --force.';
COMMENT ON COLUMN quota_stop.billed_before IS
    'Charged calls of that day until then, of either endpoint and all nodes: what the quota was worth.';
COMMENT ON COLUMN quota_stop.lifted_at IS
    'The first later call with code 0: the provider delivers again. Before closed_until only after run --force. NULL: no successful call since.';
COMMENT ON COLUMN quota_stop.is_closed IS 'Whether runs stop at it now, by the database''s clock.';

CREATE VIEW retry_history AS
SELECT r.note_id,
       r.retries,
       r.nights,
       r.first_at,
       r.last_at,
       (SELECT c.received_at FROM api_call c
        WHERE c.note_id = r.note_id AND c.sent_at > r.last_at AND c.code = 0 AND c.endpoint = r.endpoint
        ORDER BY c.id LIMIT 1) AS answered_at,
       r.endpoint,
       (SELECT w.state FROM worklist w WHERE w.note_id = r.note_id) AS state,
       (SELECT w.due_at FROM worklist w WHERE w.note_id = r.note_id) AS due_at,
       (SELECT w.reason FROM worklist w WHERE w.note_id = r.note_id) AS reason,
       (SELECT w.detail FROM worklist w WHERE w.note_id = r.note_id) AS detail
FROM (SELECT c.note_id,
             c.endpoint,
             count(*) AS retries,
             count(DISTINCT (c.sent_at AT TIME ZONE 'Asia/Shanghai')::date) AS nights,
             min(c.sent_at) AS first_at,
             max(c.sent_at) AS last_at
      FROM api_call c
      WHERE c.code = 301
      GROUP BY c.note_id, c.endpoint) AS r;

COMMENT ON VIEW retry_history IS
    'Which notes did the provider fail to collect (code 301), how often, and did it succeed in the end? One row a note and endpoint. Query with ORDER BY retries DESC LIMIT 20, or for one note_id.';
COMMENT ON COLUMN retry_history.note_id IS 'The note.';
COMMENT ON COLUMN retry_history.retries IS
    'Total of calls with code 301; unlike worklist.attempts, requeue does not reset it.';
COMMENT ON COLUMN retry_history.nights IS 'Calendar days of Asia/Shanghai in which that happened.';
COMMENT ON COLUMN retry_history.first_at IS 'When the first of them was sent.';
COMMENT ON COLUMN retry_history.last_at IS 'When the last of them was sent.';
COMMENT ON COLUMN retry_history.answered_at IS
    'When the first response with code 0 after the last of them was received. NULL: not yet.';
COMMENT ON COLUMN retry_history.endpoint IS 'note-detail/v1: the note. note-detail/v6: its video.';
COMMENT ON COLUMN retry_history.state IS 'How far the note is now: worklist.state.';
COMMENT ON COLUMN retry_history.due_at IS 'When a run may take it up (again). NULL: never by itself.';
COMMENT ON COLUMN retry_history.reason IS 'Why it is in this state: worklist.reason. NULL: no reason.';
COMMENT ON COLUMN retry_history.detail IS 'Details of the reason: worklist.detail. NULL: none.';

CREATE VIEW backlog AS
SELECT b.state,
       (ARRAY['under 1 day', '1 to 7 days', '7 to 30 days', '30 to 90 days', '90 days and more'])[b.age + 1] AS age,
       (ARRAY[0, 1, 7, 30, 90])[b.age + 1] AS from_days,
       b.notes,
       b.due_now,
       b.in_work,
       b.tried,
       b.oldest_enqueued_at,
       b.next_due_at
FROM (SELECT o.state,
             o.age,
             count(*) AS notes,
             count(*) FILTER (WHERE o.due_at <= now()) AS due_now,
             count(*) FILTER (WHERE o.claimed_until >= now()) AS in_work,
             count(*) FILTER (WHERE o.is_tried) AS tried,
             min(o.enqueued_at) AS oldest_enqueued_at,
             min(o.due_at) AS next_due_at
      FROM (SELECT w.state,
                   width_bucket(extract(epoch FROM now() - w.enqueued_at)::double precision / 86400,
                                ARRAY[1, 7, 30, 90]::double precision[]) AS age,
                   w.enqueued_at,
                   w.due_at,
                   w.claimed_until,
                   w.attempts > 0 OR w.media_attempts > 0 AS is_tried
            FROM worklist w
            WHERE w.state IN ('PENDING', 'POSTPONED', 'FAILED')
            OFFSET 0 -- else the planner expects as many groups as there are times, and sorts all rows
           ) AS o
      GROUP BY o.state, o.age) AS b;

COMMENT ON VIEW backlog IS
    'How many notes are not archived yet, by state and by how long they have been on the list? Query with ORDER BY state, from_days.';
COMMENT ON COLUMN backlog.state IS
    'PENDING: not requested yet. POSTPONED: requested, and retried when due. FAILED: failed permanently, until requeue.';
COMMENT ON COLUMN backlog.age IS 'How long ago the notes were enqueued.';
COMMENT ON COLUMN backlog.from_days IS 'The lower end of age, in days.';
COMMENT ON COLUMN backlog.notes IS 'Notes in this state and of this age.';
COMMENT ON COLUMN backlog.due_now IS 'Of the notes, those that a run would take up now.';
COMMENT ON COLUMN backlog.in_work IS 'Of the notes, those that a node is working on.';
COMMENT ON COLUMN backlog.tried IS 'Of the notes, those postponed at least once since they were enqueued or requeued.';
COMMENT ON COLUMN backlog.oldest_enqueued_at IS 'When the first of them was enqueued.';
COMMENT ON COLUMN backlog.next_due_at IS 'The earliest time at which one of them is due. NULL: never by itself.';

-- ---------------------------------------------------------------------------------------------------------------
-- Notes
-- ---------------------------------------------------------------------------------------------------------------

CREATE VIEW note_file AS
SELECT n.note_id,
       n.title,
       'https://www.xiaohongshu.com/explore/' || n.note_id AS note_url,
       m.kind,
       m.ordinal,
       m.state,
       m.reason,
       o.object_key,
       o.content_type,
       o.size_bytes,
       m.width,
       m.height,
       m.rendition,
       m.sha256,
       o.verified_at
FROM note n
JOIN note_media m USING (note_id)
LEFT JOIN media_object o USING (sha256);

COMMENT ON VIEW note_file IS
    'Which files belong to a note, and where do they lie? One row a slot. Query with WHERE note_id = ... ORDER BY kind, ordinal.';
COMMENT ON COLUMN note_file.note_id IS 'The note.';
COMMENT ON COLUMN note_file.title IS 'Its title, as last captured. NULL: none.';
COMMENT ON COLUMN note_file.note_url IS 'Where the note is, or was. The platform may want to see a share token, too.';
COMMENT ON COLUMN note_file.kind IS 'IMAGE, MOTION, AUDIO, VIDEO, SUBTITLE or PREVIEW: see note_media.kind.';
COMMENT ON COLUMN note_file.ordinal IS 'From 0, in the order of the response.';
COMMENT ON COLUMN note_file.state IS 'STORED, MISSING or WAIVED: see note_media.state.';
COMMENT ON COLUMN note_file.reason IS
    'Why it is not there, or not as it should be: see note_media.reason. NULL: all is well.';
COMMENT ON COLUMN note_file.object_key IS 'Key within the bucket. NULL: not stored, for the reason in the column reason.';
COMMENT ON COLUMN note_file.content_type IS 'From the first bytes of the file.';
COMMENT ON COLUMN note_file.size_bytes IS 'Length of the file in bytes. NULL: not stored.';
COMMENT ON COLUMN note_file.width IS 'Pixels, as given in the response; NULL: absent.';
COMMENT ON COLUMN note_file.height IS 'Pixels, as given in the response; NULL: absent.';
COMMENT ON COLUMN note_file.rendition IS 'The offered URL that was used, by its name in the response.';
COMMENT ON COLUMN note_file.sha256 IS 'Of the file, in lower-case hex. NULL: not stored.';
COMMENT ON COLUMN note_file.verified_at IS
    'When the store last showed that it holds these bytes. NULL: never, or not stored.';

-- ---------------------------------------------------------------------------------------------------------------
-- History
-- ---------------------------------------------------------------------------------------------------------------

CREATE VIEW engagement_history AS
SELECT c.note_id,
       c.captured_at,
       a.endpoint,
       c.liked_count,
       c.collected_count,
       c.comments_count,
       c.shared_count
FROM note_capture c
JOIN api_call a ON a.id = c.call_id;

COMMENT ON VIEW engagement_history IS
    'How did a note develop over time? One row for each paid response, with the counts at that time. NULL: absent in the response. Query with WHERE note_id = ... ORDER BY captured_at.';
COMMENT ON COLUMN engagement_history.note_id IS 'The note.';
COMMENT ON COLUMN engagement_history.captured_at IS 'When the response was received.';
COMMENT ON COLUMN engagement_history.endpoint IS
    'note-detail/v1: the response about the note. note-detail/v6: the response about its video, which has counts, too.';
COMMENT ON COLUMN engagement_history.liked_count IS 'Likes then. NULL: absent in the response.';
COMMENT ON COLUMN engagement_history.collected_count IS
    'Times it was put into a collection, then. NULL: absent in the response.';
COMMENT ON COLUMN engagement_history.comments_count IS
    'Comments then, replies included. NULL: absent in the response.';
COMMENT ON COLUMN engagement_history.shared_count IS 'Times it was shared, then. NULL: absent in the response.';

CREATE VIEW engagement_growth AS
SELECT c.note_id,
       p.captured_at AS captured_before,
       c.captured_at,
       round(t.days::numeric, 2) AS days,
       c.liked_count - p.liked_count AS liked_growth,
       c.collected_count - p.collected_count AS collected_growth,
       c.comments_count - p.comments_count AS comments_growth,
       c.shared_count - p.shared_count AS shared_growth,
       round(((c.liked_count - p.liked_count) / t.days)::numeric, 1) AS liked_per_day,
       round(((c.collected_count - p.collected_count) / t.days)::numeric, 1) AS collected_per_day,
       round(((c.comments_count - p.comments_count) / t.days)::numeric, 1) AS comments_per_day,
       round(((c.shared_count - p.shared_count) / t.days)::numeric, 1) AS shared_per_day
FROM note_capture c
CROSS JOIN LATERAL (
    SELECT b.captured_at, b.liked_count, b.collected_count, b.comments_count, b.shared_count
    FROM note_capture b
    WHERE b.note_id = c.note_id AND b.captured_at < c.captured_at AND b.liked_count IS NOT NULL
    ORDER BY b.captured_at DESC
    LIMIT 1) AS p
CROSS JOIN LATERAL (
    SELECT extract(epoch FROM c.captured_at - p.captured_at)::double precision / 86400 AS days) AS t
WHERE c.liked_count IS NOT NULL AND p.captured_at <= c.captured_at - interval '1 hour';

COMMENT ON VIEW engagement_growth IS
    'How fast did a note grow between two captures? One row a capture and the one before it. Captures within an hour of an earlier one, as those of the video are, make no row: a rate over minutes is meaningless.';
COMMENT ON COLUMN engagement_growth.note_id IS 'The note.';
COMMENT ON COLUMN engagement_growth.captured_before IS 'The earlier capture.';
COMMENT ON COLUMN engagement_growth.captured_at IS 'The later capture.';
COMMENT ON COLUMN engagement_growth.days IS 'Days between the two.';
COMMENT ON COLUMN engagement_growth.liked_growth IS
    'Likes gained; negative: lost. NULL: absent in one of the responses.';
COMMENT ON COLUMN engagement_growth.collected_growth IS 'Collections gained. NULL: absent in one of the responses.';
COMMENT ON COLUMN engagement_growth.comments_growth IS 'Comments gained. NULL: absent in one of the responses.';
COMMENT ON COLUMN engagement_growth.shared_growth IS 'Shares gained. NULL: absent in one of the responses.';
COMMENT ON COLUMN engagement_growth.liked_per_day IS 'The same for each day of 24 hours between the two.';
COMMENT ON COLUMN engagement_growth.collected_per_day IS 'Collections gained for each day of 24 hours between the two.';
COMMENT ON COLUMN engagement_growth.comments_per_day IS 'Comments gained for each day of 24 hours between the two.';
COMMENT ON COLUMN engagement_growth.shared_per_day IS 'Shares gained for each day of 24 hours between the two.';

CREATE VIEW note_growth_week AS
SELECT g.note_id,
       (SELECT n.title FROM note n WHERE n.note_id = g.note_id) AS title,
       (SELECT a.nickname FROM note n JOIN author a USING (author_id) WHERE n.note_id = g.note_id) AS author,
       g.captured_before,
       g.captured_at,
       round(g.days::numeric, 2) AS days,
       g.liked_count,
       g.liked_growth,
       g.collected_growth,
       g.comments_growth,
       g.shared_growth,
       round((g.liked_growth / g.days)::numeric, 1) AS liked_per_day,
       round(((g.liked_growth + coalesce(g.collected_growth, 0) + coalesce(g.comments_growth, 0)
               + coalesce(g.shared_growth, 0)) / g.days)::numeric, 1) AS engagement_per_day
FROM (SELECT c.note_id,
             p.captured_at AS captured_before,
             c.captured_at,
             extract(epoch FROM c.captured_at - p.captured_at)::double precision / 86400 AS days,
             c.liked_count,
             c.liked_count - p.liked_count AS liked_growth,
             c.collected_count - p.collected_count AS collected_growth,
             c.comments_count - p.comments_count AS comments_growth,
             c.shared_count - p.shared_count AS shared_growth
      FROM (SELECT DISTINCT ON (n.note_id) n.note_id, n.captured_at, n.liked_count, n.collected_count, n.comments_count,
                   n.shared_count, count(*) OVER (PARTITION BY n.note_id) AS captures
            FROM note_capture n
            WHERE n.captured_at > now() - interval '7 days' AND n.liked_count IS NOT NULL
            ORDER BY n.note_id, n.captured_at DESC) AS c
      CROSS JOIN LATERAL (
          (SELECT b.captured_at, b.liked_count, b.collected_count, b.comments_count, b.shared_count
           FROM note_capture b
           WHERE b.note_id = c.note_id AND b.captured_at <= now() - interval '7 days'
             AND b.captured_at <= c.captured_at - interval '1 hour' AND b.liked_count IS NOT NULL
           ORDER BY b.captured_at DESC
           LIMIT 1)
          UNION ALL
          (SELECT b.captured_at, b.liked_count, b.collected_count, b.comments_count, b.shared_count
           FROM note_capture b
           WHERE c.captures > 1 -- else there is none, and most notes need not be looked for
             AND b.note_id = c.note_id AND b.captured_at <= c.captured_at - interval '1 hour' AND b.liked_count IS NOT NULL
           ORDER BY b.captured_at
           LIMIT 1)
          LIMIT 1) AS p) AS g;

COMMENT ON VIEW note_growth_week IS
    'Which notes grew most in the last seven days? One row a note captured in that time and at least an hour before: its last capture against the last one before those days, else against its first. Query with ORDER BY liked_per_day DESC LIMIT 20.';
COMMENT ON COLUMN note_growth_week.note_id IS 'The note.';
COMMENT ON COLUMN note_growth_week.title IS 'Its title, as last captured. NULL: none.';
COMMENT ON COLUMN note_growth_week.author IS 'The author''s name, as last captured.';
COMMENT ON COLUMN note_growth_week.captured_before IS
    'The earlier capture; long ago, where a note is rarely captured: compare by day.';
COMMENT ON COLUMN note_growth_week.captured_at IS 'The later capture.';
COMMENT ON COLUMN note_growth_week.days IS 'Days between the two.';
COMMENT ON COLUMN note_growth_week.liked_count IS 'Likes at the later capture.';
COMMENT ON COLUMN note_growth_week.liked_growth IS 'Likes gained between the two; negative: lost.';
COMMENT ON COLUMN note_growth_week.collected_growth IS
    'Collections gained between the two. NULL: absent in one of the responses.';
COMMENT ON COLUMN note_growth_week.comments_growth IS
    'Comments gained between the two. NULL: absent in one of the responses.';
COMMENT ON COLUMN note_growth_week.shared_growth IS
    'Shares gained between the two. NULL: absent in one of the responses.';
COMMENT ON COLUMN note_growth_week.liked_per_day IS 'Likes gained for each day of 24 hours between the two.';
COMMENT ON COLUMN note_growth_week.engagement_per_day IS
    'The same of likes, collections, comments and shares together.';

CREATE VIEW note_edit AS
SELECT c.note_id,
       v.field,
       v.before,
       v.after,
       p.captured_at AS captured_before,
       c.captured_at,
       c.author_id
FROM note_capture c
CROSS JOIN LATERAL (
    SELECT b.captured_at, b.title, b.note_text, b.author_id, b.author_nickname, b.mapper_version
    FROM note_capture b
    WHERE b.note_id = c.note_id AND b.captured_at < c.captured_at AND b.mapper_version IS NOT NULL
    ORDER BY b.captured_at DESC
    LIMIT 1) AS p
CROSS JOIN LATERAL (VALUES ('title', p.title, c.title),
                           ('text', p.note_text, c.note_text),
                           ('author', p.author_nickname, c.author_nickname)) AS v (field, before, after)
WHERE c.mapper_version IS NOT NULL
  AND p.mapper_version = c.mapper_version
  AND (p.title, p.note_text, p.author_nickname) IS DISTINCT FROM (c.title, c.note_text, c.author_nickname)
  AND v.before IS DISTINCT FROM v.after
  AND (v.field <> 'author' OR p.author_id = c.author_id);

COMMENT ON VIEW note_edit IS
    'What was changed after the first capture: title, text, or the author''s name? One row a change, between a capture and the one before it. Only responses read by the same version of the mapper are compared: after an update, remap first. Query with ORDER BY captured_at DESC LIMIT 20.';
COMMENT ON COLUMN note_edit.note_id IS 'The note.';
COMMENT ON COLUMN note_edit.field IS 'title, text, or author: the author''s name, changed by the same author.';
COMMENT ON COLUMN note_edit.before IS 'NULL: there was none.';
COMMENT ON COLUMN note_edit.after IS 'NULL: there is none.';
COMMENT ON COLUMN note_edit.captured_before IS 'When it was last seen as before.';
COMMENT ON COLUMN note_edit.captured_at IS
    'When it was first seen as after; note.edited_at is the platform''s time of the last edit.';
COMMENT ON COLUMN note_edit.author_id IS 'Who wrote it, by the later capture.';

CREATE VIEW note_absence AS
SELECT w.note_id,
       w.state,
       s.captured_at AS last_seen_at,
       e.missing_since,
       e.last_missing_at,
       e.nights,
       e.codes
FROM worklist w
CROSS JOIN LATERAL (
    SELECT c.captured_at
    FROM note_capture c
    WHERE c.note_id = w.note_id
    ORDER BY c.captured_at DESC
    LIMIT 1) AS s
CROSS JOIN LATERAL (
    SELECT min(c.received_at) AS missing_since,
           max(c.received_at) AS last_missing_at,
           count(DISTINCT (c.received_at AT TIME ZONE 'Asia/Shanghai')::date) AS nights,
           array_agg(DISTINCT c.code ORDER BY c.code) AS codes
    FROM api_call c
    WHERE c.note_id = w.note_id AND c.endpoint = 'note-detail/v1' AND c.received_at > s.captured_at
      AND c.code IN (0, 201, 202, 404)) AS e;

COMMENT ON VIEW note_absence IS
    'What did the provider return since a note was last seen? One row for each note that was captured. Query with WHERE note_id = ...';
COMMENT ON COLUMN note_absence.note_id IS 'The note.';
COMMENT ON COLUMN note_absence.state IS 'worklist.state.';
COMMENT ON COLUMN note_absence.last_seen_at IS 'The last response that contained it.';
COMMENT ON COLUMN note_absence.missing_since IS
    'The first later response that did not contain the note. NULL: all later responses did, or there is none.';
COMMENT ON COLUMN note_absence.last_missing_at IS 'The last response that did not contain the note. NULL as missing_since.';
COMMENT ON COLUMN note_absence.nights IS 'Calendar days of Asia/Shanghai whose responses did not contain the note.';
COMMENT ON COLUMN note_absence.codes IS
    'The provider''s codes in these responses: 0 is a success without the note. NULL as missing_since.';

CREATE VIEW note_gone AS
SELECT a.note_id,
       (SELECT n.title FROM note n WHERE n.note_id = a.note_id) AS title,
       (SELECT w.nickname FROM note n JOIN author w USING (author_id) WHERE n.note_id = a.note_id) AS author,
       (SELECT n.published_at FROM note n WHERE n.note_id = a.note_id) AS published_at,
       a.last_seen_at,
       a.missing_since,
       a.last_missing_at,
       a.nights,
       a.codes,
       (SELECT r.due_at FROM worklist r WHERE r.note_id = a.note_id) AS recheck_at
FROM note_absence a
WHERE a.state = 'UNAVAILABLE' AND a.nights >= 2;

COMMENT ON VIEW note_gone IS
    'Which notes were available once and are no longer? One row for each note that is UNAVAILABLE, was captured before, and was missing in responses of two nights or more since: one bad night makes no row. Query with ORDER BY last_seen_at DESC LIMIT 20.';
COMMENT ON COLUMN note_gone.note_id IS 'The note.';
COMMENT ON COLUMN note_gone.title IS 'Its title, as last captured. NULL: none.';
COMMENT ON COLUMN note_gone.author IS 'The author''s name, as last captured.';
COMMENT ON COLUMN note_gone.published_at IS 'When it was published.';
COMMENT ON COLUMN note_gone.last_seen_at IS 'The last response that contained it.';
COMMENT ON COLUMN note_gone.missing_since IS 'The first later response that did not.';
COMMENT ON COLUMN note_gone.last_missing_at IS 'The last response that did not contain it.';
COMMENT ON COLUMN note_gone.nights IS 'Calendar days of Asia/Shanghai whose responses did not contain it.';
COMMENT ON COLUMN note_gone.codes IS 'The provider''s codes in them: 0 is a success without the note.';
COMMENT ON COLUMN note_gone.recheck_at IS 'When a run looks once more: worklist.due_at.';

CREATE VIEW note_lifetime AS
SELECT n.note_id,
       n.first_captured_at,
       w.source,
       to_char(n.published_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM') AS month,
       n.author_id,
       floor(extract(epoch FROM coalesce(g.missing_since, n.last_captured_at) - n.first_captured_at) / 86400)::integer AS days,
       g.note_id IS NOT NULL AS is_gone
FROM note n
LEFT JOIN worklist w USING (note_id)
LEFT JOIN (SELECT note_id, missing_since FROM note_gone) AS g USING (note_id);

COMMENT ON VIEW note_lifetime IS
    'For how long is a note known to have been available? One row for each note that was captured. A note without refreshes has 0 days.';
COMMENT ON COLUMN note_lifetime.note_id IS 'The note.';
COMMENT ON COLUMN note_lifetime.first_captured_at IS 'The first response that contained it.';
COMMENT ON COLUMN note_lifetime.source IS 'worklist.source. NULL: not on the worklist.';
COMMENT ON COLUMN note_lifetime.month IS 'Month of publication in Asia/Shanghai, such as 2026-03. NULL: unknown.';
COMMENT ON COLUMN note_lifetime.author_id IS 'The author.';
COMMENT ON COLUMN note_lifetime.days IS
    'Full days of 24 hours from the first capture to the first response without the note if it is gone, else to the last response that contained it.';
COMMENT ON COLUMN note_lifetime.is_gone IS 'Whether the note is in note_gone.';

CREATE VIEW survival AS
WITH observed AS (
    -- one part each, so that a condition on the dimension and the value reads only the notes with this value
    SELECT 'all' AS dimension, '' AS value, days, is_gone FROM note_lifetime
    UNION ALL SELECT 'month', month, days, is_gone FROM note_lifetime
    UNION ALL SELECT 'source', source, days, is_gone FROM note_lifetime
    UNION ALL SELECT 'author', author_id, days, is_gone FROM note_lifetime
    UNION ALL SELECT 'topic', t.name, days, is_gone
              FROM (SELECT DISTINCT note_id, name FROM note_topic) AS t JOIN note_lifetime USING (note_id)
), note_day AS (
    SELECT dimension, value, days, count(*) AS notes, count(*) FILTER (WHERE is_gone) AS gone
    FROM observed
    WHERE value IS NOT NULL
    GROUP BY dimension, value, days
), curve AS (
    SELECT dimension, value, days, notes, gone, sum(notes) OVER (PARTITION BY dimension, value ORDER BY days DESC) AS at_risk
    FROM note_day
)
SELECT c.dimension,
       c.value,
       h.days,
       sum(c.notes)::bigint AS notes,
       coalesce(sum(c.notes) FILTER (WHERE c.days >= h.days), 0)::bigint AS at_risk,
       coalesce(sum(c.gone) FILTER (WHERE c.days < h.days), 0)::bigint AS gone,
       CASE WHEN bool_or(c.days >= h.days) OR bool_or(c.gone = c.at_risk)
            THEN round(coalesce(exp(sum(CASE WHEN c.gone = c.at_risk THEN '-infinity'
                                             ELSE ln(1 - c.gone / c.at_risk::double precision) END)
                                    FILTER (WHERE c.days < h.days)), 1)::numeric, 4)
       END AS share
FROM curve c
CROSS JOIN (VALUES (1), (7), (30), (90)) AS h (days)
GROUP BY c.dimension, c.value, h.days;

COMMENT ON VIEW survival IS
    'Which share of notes is still available 1, 7, 30 and 90 days after the first capture? Kaplan-Meier estimate: a note that was last seen on day 20 counts as available until then, and not afterwards. One row for each value and number of days. Query with WHERE dimension = ''all''; of authors and topics with a value, too: each reads the notes with it.';
COMMENT ON COLUMN survival.dimension IS 'all, month (of publication), source, author or topic.';
COMMENT ON COLUMN survival.value IS 'The month, source, id of the author, or name of the topic; empty for all.';
COMMENT ON COLUMN survival.days IS '1, 7, 30 or 90.';
COMMENT ON COLUMN survival.notes IS 'Captured notes with this value.';
COMMENT ON COLUMN survival.at_risk IS 'Notes that were seen, or found missing, after at least this number of days.';
COMMENT ON COLUMN survival.gone IS 'Notes that were found missing before.';
COMMENT ON COLUMN survival.share IS
    'Estimated share that is available after this number of days, 0 to 1. NULL: no note was observed for so long.';
